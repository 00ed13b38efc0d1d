import type { LineView, VisionState } from "../domain/station-view.ts";
import type { VisionMethod } from "../domain/vision-state.ts";

/** A job as OPC 40100 counts them: one part, or all parts until Stop. */
export interface Job {
  readonly id: string;
  readonly kind: "single" | "continuous";
  readonly measId: string | null;
}

/** What OPC UA clients hold a line in, beside what it does by itself. */
export interface LineMode {
  /** Where a stopped line was put by Stop, Halt, Reset or PrepareRecipe; it ends when somebody starts the line. */
  held: "Preoperational" | "Halted" | "Ready" | null;
  /** Whether the line ran when it was looked at last. */
  running: boolean;
  job: Job | null;
  /** The last call that changed something. */
  cause: VisionMethod | null;
  /** Of the last job. */
  lastJobId: string;
}

export function newLineMode(): LineMode {
  return { held: null, running: false, job: null, cause: null, lastJobId: "" };
}

/** The state of a line as OPC UA clients see it: Error shows through all but Halted, which has no way there. */
export function heldVisionState(view: LineView, mode: LineMode): VisionState {
  if (!view.running && mode.held === "Halted") return "Halted";
  if (view.visionState === "Error") return "Error";
  if (!view.running && mode.held !== null) return mode.held;
  if (view.visionState === "Ready" && mode.job?.kind === "single") return "SingleExecution";
  return view.visionState;
}
