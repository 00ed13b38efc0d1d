import type { VisionState } from "./station-view.ts";

/**
 * The vision state machine of OPC 40100-1 (its VisionStateMachineType with VisionAutomaticModeStateMachineType inside
 * Operational), as a table. What a station reports is derived from facts (`visionState`); the table says which methods a
 * state takes, and by which steps one state is reached from another.
 */

/** Methods that a client may call; the system alone enters and leaves Error. */
export const VISION_METHODS = [
  "SelectModeAutomatic",
  "PrepareRecipe",
  "UnprepareRecipe",
  "StartSingleJob",
  "StartContinuous",
  "Stop",
  "Abort",
  "Reset",
  "Halt",
  "ConfirmAll",
] as const;
export type VisionMethod = (typeof VISION_METHODS)[number];

/** One step of the machine. */
export interface VisionTransition {
  /** Browse name in the companion specification's node set. */
  readonly name: string;
  readonly from: VisionState;
  readonly to: VisionState;
  /** Null: the system does it by itself. */
  readonly cause: VisionMethod | null;
}

const OPERATIONAL = ["Initialized", "Ready", "SingleExecution", "ContinuousExecution"] as const;

/**
 * All transitions, by the names of Opc.Ua.MachineVision.NodeSet2.xml 1.0.0. Left out: those of products (the station has
 * recipes only), and PreoperationalTo/ErrorToOperational into another mode than automatic.
 */
export const VISION_TRANSITIONS: readonly VisionTransition[] = [
  ...pair("PreoperationalToHalted", "Preoperational", "Halted", "Halt"),
  auto("PreoperationalToErrorAuto", "Preoperational", "Error"),
  ...pair("PreoperationalToInitialized", "Preoperational", "Initialized", "SelectModeAutomatic"),
  ...pair("HaltedToPreoperational", "Halted", "Preoperational", "Reset"),
  ...pair("ErrorToPreoperational", "Error", "Preoperational", "Reset"),
  ...pair("ErrorToHalted", "Error", "Halted", "Halt"),
  auto("ErrorToOperationalAuto", "Error", "Initialized"),
  ...OPERATIONAL.flatMap((from) => [
    ...pair("OperationalToPreoperational", from, "Preoperational", "Reset"),
    ...pair("OperationalToHalted", from, "Halted", "Halt"),
    auto("OperationalToErrorAuto", from, "Error"),
  ]),
  called("InitializedToReadyRecipe", "Initialized", "Ready", "PrepareRecipe"),
  auto("InitializedToReadyAuto", "Initialized", "Ready"),
  called("ReadyToInitializedRecipe", "Ready", "Initialized", "UnprepareRecipe"),
  auto("ReadyToInitializedAuto", "Ready", "Initialized"),
  ...pair("ReadyToSingleExecution", "Ready", "SingleExecution", "StartSingleJob"),
  ...pair("ReadyToContinuousExecution", "Ready", "ContinuousExecution", "StartContinuous"),
  ...(["SingleExecution", "ContinuousExecution"] as const).flatMap((from) => [
    called(`${from}ToReadyStop`, from, "Ready", "Stop"),
    called(`${from}ToReadyAbort`, from, "Ready", "Abort"),
    auto(`${from}ToReadyAuto`, from, "Ready"),
  ]),
];

/** Calls that are taken without a change of state: a second recipe is prepared or given up beside the active one. */
const STAYS: Readonly<Partial<Record<VisionMethod, readonly VisionState[]>>> = {
  PrepareRecipe: ["Ready", "SingleExecution", "ContinuousExecution"],
  UnprepareRecipe: ["Initialized", "SingleExecution", "ContinuousExecution"],
  ConfirmAll: ["Preoperational", "Halted", "Error", ...OPERATIONAL],
};

/** The state that a call leads to, or null: the state does not take it. */
export function nextVisionState(state: VisionState, method: VisionMethod): VisionState | null {
  const step = VISION_TRANSITIONS.find(({ from, cause }) => from === state && cause === method);
  if (step) return step.to;
  return STAYS[method]?.includes(state) === true ? state : null;
}

/**
 * The shortest way from one state to another: steps of the system itself, and those of `cause` where a client's call began
 * it. Empty if both are the same; there is a way between any two.
 */
export function visionPath(
  from: VisionState,
  to: VisionState,
  cause: VisionMethod | null = null,
): readonly VisionTransition[] {
  const steps = VISION_TRANSITIONS.filter((step) => step.cause === null || step.cause === cause);
  const byClient = steps.toSorted((a, b) => Number(a.cause === null) - Number(b.cause === null));
  const seen = new Set<VisionState>([from]);
  let paths: readonly (readonly VisionTransition[])[] = [[]];
  while (paths.length > 0) {
    const arrived = paths.find((path) => (path.at(-1)?.to ?? from) === to);
    if (arrived) return arrived;
    paths = paths.flatMap((path) => {
      const here = path.at(-1)?.to ?? from;
      const next = byClient.filter((step) => step.from === here && !seen.has(step.to));
      return next.flatMap((step) => {
        if (seen.has(step.to)) return [];
        seen.add(step.to);
        return [[...path, step]];
      });
    });
  }
  return [];
}

/** What decides the state of a line. */
export interface LineFacts {
  /** Neither the camera nor the model has been there since the start, and neither has failed. */
  readonly starting: boolean;
  /** What keeps parts from being judged, the lack of a model excepted. */
  readonly fault: boolean;
  readonly hasModel: boolean;
  /** Inspection is switched on. */
  readonly running: boolean;
  /** Parts come by themselves: every frame, at a rate, by an encoder or a sensor. */
  readonly freeRunning: boolean;
  readonly busy: boolean;
}

/** The highest state that a line can be in by itself. A stopped one is not Ready: that would take a job. */
export function visionState(line: LineFacts): VisionState {
  if (line.starting) return "Preoperational";
  if (line.fault) return "Error";
  if (!line.hasModel || !line.running) return "Initialized";
  if (line.freeRunning) return "ContinuousExecution";
  return line.busy ? "SingleExecution" : "Ready";
}

function called(name: string, from: VisionState, to: VisionState, cause: VisionMethod): VisionTransition {
  return { name, from, to, cause };
}

function auto(name: string, from: VisionState, to: VisionState): VisionTransition {
  return { name, from, to, cause: null };
}

function pair(name: string, from: VisionState, to: VisionState, cause: VisionMethod): VisionTransition[] {
  return [called(name, from, to, cause), auto(`${name}Auto`, from, to)];
}
