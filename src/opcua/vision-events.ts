import type { UAObject, UAObjectType } from "node-opcua-address-space";
import { DataType } from "node-opcua-variant";
import type { Fault } from "../domain/station-view.ts";
import type { VisionTransition } from "../domain/vision-state.ts";
import type { PartResult } from "./protocol.ts";
import { resultFields } from "./result-structure.ts";
import type { MachineVision } from "./vision-nodes.ts";

/** Severities (OPC 10000-5 §6.4.2: 1 lowest, 1000 highest). */
const SEVERITY = { information: 100, reject: 300, failure: 700 } as const;

/** Events of one vision system; it is their source. */
export class VisionEvents {
  readonly #vision: MachineVision;
  readonly #source: UAObject;
  readonly #transitions: ReadonlyMap<string, UAObject>;

  constructor(vision: MachineVision, source: UAObject) {
    this.#vision = vision;
    this.#source = source;
    this.#transitions = transitionsOf(vision);
  }

  /** StateChanged, with what the step means beside: Error, ErrorResolved, JobStarted, Ready. */
  step(step: VisionTransition, jobId: string, fault: Fault | null): void {
    this.#transition("StateChangedEventType", step, `${step.from} → ${step.to}`, SEVERITY.information);
    if (step.to === "Error")
      this.#transition("ErrorEventType", step, fault?.text ?? "fault", SEVERITY.failure);
    if (step.from === "Error") {
      this.#transition("ErrorResolvedEventType", step, "the fault is gone", SEVERITY.information);
    }
    if (step.to.endsWith("Execution")) this.#job("JobStartedEventType", jobId);
    if (step.to === "Ready" && step.from.endsWith("Execution")) this.#job("ReadyEventType", jobId);
  }

  acquisitionDone(jobId: string): void {
    this.#job("AcquisitionDoneEventType", jobId);
  }

  recipePrepared(id: string): void {
    this.#raise("RecipePreparedEventType", `recipe ${id} is prepared`, SEVERITY.information, {
      internalId: this.#vision.structure("RecipeIdInternalDataType", { id }),
    });
  }

  resultReady(result: PartResult): void {
    const { structures, plain } = resultFields(result);
    const severity = result.verdict === "OK" ? SEVERITY.information : SEVERITY.reject;
    this.#raise("ResultReadyEventType", `${result.verdict} (${result.reason})`, severity, {
      ...Object.fromEntries(
        structures.map(({ name, type, fields }) => [name, this.#vision.structure(type, fields)]),
      ),
      ...plain,
    });
  }

  #job(type: string, id: string): void {
    const jobId = this.#vision.structure("JobIdDataType", { id });
    this.#raise(type, `job ${id}`, SEVERITY.information, { jobId });
  }

  /** All three are TransitionEventType (OPC 10000-16 §4.4.15). */
  #transition(type: string, step: VisionTransition, message: string, severity: number): void {
    const node = this.#transitions.get(step.name);
    const [from] = node?.findReferencesAsObject("FromState") ?? [];
    const [to] = node?.findReferencesAsObject("ToState") ?? [];
    this.#raise(type, message, severity, {
      ...named("transition", node),
      ...named("fromState", from),
      ...named("toState", to),
    });
  }

  #raise(type: string, message: string, severity: number, fields: object): void {
    const eventType: UAObjectType = this.#vision.eventType(type);
    this.#source.raiseEvent(eventType, {
      message: { dataType: DataType.LocalizedText, value: { text: message } as never },
      severity: { dataType: DataType.UInt16, value: severity } as never,
      ...fields,
    });
  }
}

function named(
  field: string,
  node: { browseName: { name?: string | null }; nodeId: unknown } | undefined,
): object {
  if (!node) return {};
  return {
    [field]: { dataType: DataType.LocalizedText, value: { text: node.browseName.name } },
    [`${field}.id`]: { dataType: DataType.NodeId, value: node.nodeId },
  };
}

function transitionsOf(vision: MachineVision): Map<string, UAObject> {
  const types = ["VisionStateMachineType", "VisionAutomaticModeStateMachineType"];
  const parts = types.flatMap((name) => vision.objectType(name).getComponents() as UAObject[]);
  return new Map(parts.map((node) => [node.browseName.name ?? "", node]));
}
