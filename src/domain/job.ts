/** The retraining path's words (interfaces.md §3.5). */

/** The sentence of the retraining path, in order. */
export const STAGES = [
  "clean",
  "features",
  "instant",
  "synthesize",
  "amplify",
  "distill",
  "settle",
  "calibrate",
  "export",
  "validate",
  "choose",
  "promote",
] as const;
export type Stage = (typeof STAGES)[number];

export type JobState = "pending" | "running" | "completed" | "failed" | "canceled";

export interface JobProgress {
  readonly stage: Stage;
  /** 0..1 of the whole job. */
  readonly progress: number;
  readonly etaS: number | null;
  /** e.g. "epoch 3/12, loss 0.214" */
  readonly message: string;
  readonly epoch: number | null;
  readonly epochs: number | null;
  readonly loss: number | null;
}

/** Threshold of one product of a bundle. */
export interface RecipeLimit {
  readonly recipe: string;
  readonly threshold: number;
  /** Expected share of good parts rejected, 95 % interval. */
  readonly falseRejectRate: { readonly low: number; readonly high: number };
}

/** What a finished job gives. */
export interface JobResult {
  readonly bundleId: string;
  readonly bundleDir: string;
  readonly threshold: number;
  /** Largest |score difference| of trainer and ONNX Runtime on real frames. */
  readonly parityMaxAbs: number;
  readonly trainSeconds: number;
  readonly images: number;
  /** Of the pictures it was trained on: the same hash means the same data set. */
  readonly dataSetHash: string;
  /** Expected share of good parts rejected, 95 % interval. */
  readonly falseRejectRate: { readonly low: number; readonly high: number };
  /** Of the other products of the job. */
  readonly alsoFor: readonly RecipeLimit[];
  /** With `method: auto`: which model was deployed, and why. */
  readonly choice: string | null;
}
