import type { Level } from "../backbones/backbone.ts";
import type { Size } from "../domain/inspection.ts";
import type { Network, Weights } from "../graph/ops.ts";
import type { tf } from "../graph/tf.ts";
import type { TfWeights } from "../graph/tf-weights.ts";

export type { Level } from "../backbones/backbone.ts";

/**
 * What every anomaly method gives the exporter and the trainer once it is trained (or set up): a network text from teacher
 * features to (map) and the weights it needs. The data path never sees this: it sees `inspector.onnx`.
 */
export interface TrainedMethod {
  /**
   * Inputs: teacher features, one per used level, finest first (each Level.shape); then, for a method that looks at pictures
   * (`Method.looksAtPictures`), the picture 3 × H × W in 0..1.
   * Outputs: [anomaly map 1 × H × W at `mapSize`, uncalibrated].
   */
  readonly network: Network;
  readonly weights: Weights;
}

/** One training batch; the loop disposes its tensors. */
export interface StageBatch {
  /** Vanilla teacher features [B, H, W, C], one a level, finest first. */
  readonly features: readonly tf.Tensor4D[];
  /** [B, H, W, 3] in 0..1; null unless the method looks at pictures. */
  readonly pictures: tf.Tensor4D | null;
  /** [B, H, W, 1] 0 or 1 at picture size: where a synthetic anomaly was put; null where all pictures are normal. */
  readonly mask: tf.Tensor4D | null;
  /** [B, H, W, 1] 0 or 1 at picture size: where the product is; null where all is product. */
  readonly foreground: tf.Tensor4D | null;
  /** So many of the batch, the last ones, have wide areas of another finish (`AmplifyPlan.wide`). */
  readonly wide: number;
}

/** Something that is trained step by step. */
export interface TrainableStage {
  readonly variables: TfWeights;
  /** Differentiable in `variables`; a pure function of batch and step (random draws are seeded by the step). */
  loss(batch: StageBatch, step: number): tf.Scalar;
}

/** How long and how a stage is trained. */
export interface StagePlan {
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  /** How the rate goes over the steps (schedule.ts); default `steps`, the published codes'. */
  readonly schedule?: "steps" | "one-cycle" | undefined;
}

/** Stage 1: on synthetic anomalies. */
export interface AmplifyPlan extends StagePlan {
  /** Pictures that are made with small anomalies. */
  readonly images: number;
  /** Pictures with wide areas of another finish: made, and shown in each step beside `batch`; null: none. */
  readonly wide: { readonly images: number; readonly batch: number } | null;
}

/** Batches of features [n, H, W, C] as they lie in memory, level by level. Can be gone through more than once. */
export type FeatureBatches = AsyncIterable<readonly Float32Array[]>;

/** Batches of features of pictures that are judged, and where each is: what lies elsewhere decides nothing. */
export interface JudgedBatches extends FeatureBatches {
  /** Of the picture that is so far down in the batches: `mapSize`, 1 where judged; null: everywhere. Default: everywhere. */
  readonly judged?: (picture: number) => Uint8Array | null;
}

/** Pictures that took no part in training, for decisions that need no real defect. */
export interface HeldOut {
  /** Features of good parts, to be read as often as needed. */
  readonly normals: () => JudgedBatches;
  /** Features of synthetic anomalies made on held-out good parts. */
  readonly anomalies: () => JudgedBatches;
}

/** One training of one method: created for a job, asked stage by stage in this order, disposed at its end. Owns tensors. */
export interface MethodTraining {
  /** Looks at all training normals (statistics, a bank), before anything is trained. */
  prepare(normals: FeatureBatches): Promise<void>;
  /** Stage 1 on synthetic anomalies; null for methods that take the teacher as it is. */
  readonly amplify: TrainableStage | null;
  /** Looks at normals that were held out, after stage 1: how far can the amplifier be trusted? Words for the report. */
  measureTrust(heldOut: JudgedBatches): Promise<string>;
  /** Stage 2, on normals; null for methods that are done after stage 1 (or that only look, in `prepare`). */
  beginDistill(): TrainableStage | null;
  /** Looks at held-out pictures after all training: what is each of its maps worth? Words for the report, null for none. */
  settle(heldOut: HeldOut): Promise<string | null>;
  /** The method as it is now, to be exported. */
  trained(): TrainedMethod;
  dispose(): void;
}

/** A method as the retraining path sees it: how long each stage takes, which levels it needs, and how to begin. */
export interface Method {
  readonly name: string;
  /** Teacher levels (1-based) that it looks at. */
  readonly levels: readonly number[];
  /** The student sees pictures, not only features: pictures are kept beside the features. */
  readonly looksAtPictures: boolean;
  /** Stage 1; null: there is none. */
  readonly amplify: AmplifyPlan | null;
  /** Stage 2, on normals; null: there is none. */
  readonly distill: StagePlan | null;
  begin(context: MethodContext): MethodTraining;
}

/**
 * Says what comes next, and lets messages in; asked for before each piece of work that takes seconds.
 * @throws the signal's reason when the job was cancelled
 */
export type Tell = (message: string) => Promise<void>;

export interface MethodContext {
  /** The used levels, finest first. */
  readonly levels: readonly Level[];
  /** Size of the anomaly map: that of the model's input picture. */
  readonly mapSize: Size;
  readonly seed: number;
  /** Default: nobody listens. */
  readonly tell?: Tell;
}
