import { EventNotifierFlags, type ISessionContext, type UAObject } from "node-opcua-address-space";
import type { RecipeIdentity } from "../domain/inspection.ts";
import type { VisionState } from "../domain/station-view.ts";
import { visionPath, type VisionMethod } from "../domain/vision-state.ts";
import { accepted, bind, NO_ERROR, type MayOperate } from "./method-binding.ts";
import type { Call, CallAnswer, LineState, PartResult, StateMessage } from "./protocol.ts";
import { bindRecipeManagement } from "./recipe-management.ts";
import { ResultHistory } from "./result-history.ts";
import { bindResultManagement } from "./result-management.ts";
import { VisionEvents } from "./vision-events.ts";
import { idOf, type MachineVision } from "./vision-nodes.ts";
import { VisionStates } from "./vision-states.ts";

export interface VisionSystemOptions {
  readonly camera: string;
  /** Newest results that can be fetched. */
  readonly results: number;
  readonly mayOperate: MayOperate;
  readonly ask: (call: Call) => Promise<CallAnswer>;
}

const MAX_ACQUIRED = 100;
/** Optional parts of VisionSystemType that a line has. */
const OPTIONALS = [
  "RecipeManagement",
  "ResultManagement",
  "SystemState",
  "VisionStateMachine.AutomaticModeStateMachine",
  "VisionStateMachine.SelectModeAutomatic",
  "VisionStateMachine.ConfirmAll",
];

/** One camera with its line as an instance of VisionSystemType (OPC 40100-1 §7.1). */
export class VisionSystem {
  readonly #options: VisionSystemOptions;
  readonly #node: UAObject;
  readonly #states: VisionStates;
  readonly #events: VisionEvents;
  readonly #history: ResultHistory;
  #state: VisionState = "Preoperational";
  #recipes: readonly RecipeIdentity[] = [];
  #prepared: ReadonlySet<string> = new Set();
  /** Triggers whose picture was told to be taken and whose result is awaited; the newest ones. */
  readonly #acquired = new Set<string>();

  constructor(vision: MachineVision, options: VisionSystemOptions) {
    this.#options = options;
    const { objects } = vision.space.rootFolder;
    this.#node = vision.objectType("VisionSystemType").instantiate({
      browseName: { name: options.camera, namespaceIndex: vision.space.getOwnNamespace().index },
      nodeId: `s=${options.camera}`, // keeps its address whatever cameras come and go
      organizedBy: objects,
      notifierOf: objects.server,
      eventNotifier: EventNotifierFlags.SubscribeToEvents,
      optionals: OPTIONALS,
    });
    this.#states = new VisionStates(vision, this.#node);
    this.#events = new VisionEvents(vision, this.#node);
    this.#history = new ResultHistory(options.results);
    this.#states.show(this.#state, false);
    this.#bindStateMachine(vision);
    bindRecipeManagement(vision, vision.object(this.#node, "RecipeManagement"), {
      recipes: () => this.#recipes,
      prepared: () => this.#prepared,
      mayOperate: options.mayOperate,
      ask: (method, recipe, context) => this.#ask(method, { recipe }, context),
      onPrepared: (recipe) => {
        this.#events.recipePrepared(recipe);
      },
    });
    bindResultManagement(vision, vision.object(this.#node, "ResultManagement"), this.#history);
  }

  /** Walks to the new state, step by step, with an event for each. */
  apply(line: LineState, { recipes, prepared }: StateMessage): void {
    this.#recipes = recipes;
    this.#prepared = new Set(prepared);
    const path = visionPath(this.#state, line.state, line.cause);
    this.#state = line.state;
    this.#states.show(line.state, line.training);
    for (const step of path) this.#events.step(step, line.jobId, line.fault);
  }

  acquired(triggerId: string, jobId: string): void {
    this.#acquired.add(triggerId);
    const [oldest] = this.#acquired.keys();
    if (this.#acquired.size > MAX_ACQUIRED && oldest !== undefined) this.#acquired.delete(oldest);
    this.#events.acquisitionDone(jobId);
  }

  remember(result: PartResult): void {
    this.#history.add(result);
  }

  /** A station that does not tell when a picture is taken (`acquired`) has it told with the result. */
  resultReady(result: PartResult): void {
    this.#history.add(result);
    const known = this.#acquired.delete(result.triggerId);
    if (!known && result.captureMs !== null) this.#events.acquisitionDone(result.jobId);
    this.#events.resultReady(result);
  }

  #bindStateMachine(vision: MachineVision): void {
    const { mayOperate } = this.#options;
    const outer = vision.object(this.#node, "VisionStateMachine");
    const inner = vision.object(outer, "AutomaticModeStateMachine");
    for (const method of ["SelectModeAutomatic", "Halt", "Reset", "ConfirmAll"] as const) {
      bind(vision.method(outer, method), mayOperate, async (_inputs, context) => {
        accepted(await this.#ask(method, {}, context));
        return method === "ConfirmAll" ? [] : [NO_ERROR];
      });
    }
    for (const method of ["Stop", "Abort"] as const) {
      bind(vision.method(inner, method), mayOperate, async (_inputs, context) => {
        accepted(await this.#ask(method, {}, context));
        return [NO_ERROR];
      });
    }
    for (const method of ["StartSingleJob", "StartContinuous"] as const) {
      bind(vision.method(inner, method), mayOperate, async ([measId, partId, recipe], context) => {
        const start = {
          measId: idOf(measId, "MeasIdDataType"),
          partId: idOf(partId, "PartIdDataType"),
          recipe: idOf(recipe, "RecipeIdExternalDataType"),
        };
        const { jobId } = accepted(await this.#ask(method, start, context));
        return [vision.structure("JobIdDataType", { id: jobId ?? "" }), NO_ERROR];
      });
    }
  }

  #ask(
    method: VisionMethod,
    given: Partial<Pick<Call, "recipe" | "partId" | "measId">>,
    context: ISessionContext,
  ): Promise<CallAnswer> {
    const { camera, ask } = this.#options;
    const by = `opcua:${context.getUserName()}`;
    return ask({ camera, method, recipe: null, partId: null, measId: null, ...given, by });
  }
}
