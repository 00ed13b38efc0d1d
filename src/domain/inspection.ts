/** The words that the whole program shares (architecture.md §1). Readonly data, no behaviour. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `OK` good, `NG` anomalous, `WARN` grey zone, `ERR` no judgement could be made. */
export type Verdict = "OK" | "NG" | "WARN" | "ERR";
/** What the line was told to do. `ERR` always means `reject`. */
export type Action = "pass" | "reject" | "hold";
/** Why the verdict is what it is. `score` for every judged part; all others belong to `ERR`, but `manual`. */
export type Reason =
  | "score"
  | "late"
  | "no_frame"
  | "stale_frame"
  | "image_quality"
  | "model_error"
  | "not_ready"
  | "overrun"
  | "manual";

/** What a simulated or folder camera knows about the picture it plays; never used to judge, only to count. */
export interface Truth {
  readonly label: "good" | "bad";
  /** Kind of defect or file name, for the summary. */
  readonly source: string;
}

/** One captured picture at model size. */
export interface Frame {
  /** `<camera>-<counter>`; the capture process finds the evidence JPEG by it. */
  readonly id: string;
  readonly camera: string;
  /** Frames since the pipeline was first opened, gap-free as the camera sent them: a jump means lost frames. */
  readonly counter: number;
  /** When it was captured, epoch ms (fractional). */
  readonly capturedAt: number;
  /** `pts` if derived from the buffer's time stamp, `arrival` if it is the time the buffer reached us. */
  readonly clock: "pts" | "arrival";
  readonly width: number;
  readonly height: number;
  /** RGB8, row-major, width*height*3 bytes. */
  readonly data: Uint8Array;
  /** True for simulated and folder cameras (OPC 40100 IsSimulated). */
  readonly simulated: boolean;
  readonly truth: Truth | null;
}

/** A rectangle of the anomaly map above the threshold; coordinates 0..1 of the picture. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Highest value of the anomaly map inside. */
  readonly score: number;
  /** Share of the picture, 0..1. */
  readonly area: number;
}

/** Durations are monotonic milliseconds; time stamps epoch ms. `null` where that step was not reached. */
export interface InspectionTimes {
  readonly triggeredAt: number;
  readonly capturedAt: number | null;
  readonly captureMs: number | null;
  /** Waiting for the inference process to become free. */
  readonly queueMs: number | null;
  readonly inferMs: number | null;
  /** Trigger to verdict. */
  readonly totalMs: number;
  readonly deadlineMs: number;
}

/** A recipe as the outside names it. */
export interface RecipeIdentity {
  readonly id: string;
  /** What a PLC selects it by; 0: it has none. */
  readonly number: number;
  readonly version: string | null;
  /** Of all that is set for it: changes whenever verdicts may. */
  readonly hash: string | null;
}

/** What one part got: exactly one per trigger. */
export interface Inspection {
  readonly inspectionId: string;
  readonly session: string;
  /** Per camera, gap-free within a session. */
  readonly seq: number;
  readonly camera: string;
  readonly triggerId: string;
  readonly partId: string | null;
  /** The PLC's number for the part. */
  readonly tag: number | null;
  /** In use when the part was triggered. */
  readonly recipe: RecipeIdentity;
  readonly verdict: Verdict;
  readonly action: Action;
  readonly reason: Reason;
  /** Words for people where `reason` is not `score`. */
  readonly detail: string | null;
  readonly score: number | null;
  readonly threshold: number | null;
  readonly warnThreshold: number | null;
  readonly regions: readonly Region[];
  readonly times: InspectionTimes;
  readonly bundleId: string | null;
  readonly frameId: string | null;
  readonly simulated: boolean;
  readonly truth: Truth | null;
}
