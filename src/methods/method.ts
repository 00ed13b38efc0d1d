import type { Network, Shape, Weight, Weights } from "../graph/ops.ts";

/** One feature scale of a teacher that a method uses; finest first. */
export interface Level {
  /** 1-based as in the papers. */
  readonly level: number;
  readonly shape: Shape;
}

/**
 * What every anomaly method gives the exporter and the trainer once it is trained (or set up): a network text from teacher
 * features to (map) and the weights it needs. The data path never sees this: it sees `inspector.onnx`.
 */
export interface TrainedMethod {
  /**
   * Inputs: teacher features, one per used level, finest first (each Level.shape).
   * Outputs: [anomaly map 1 × H × W at `mapSize`, uncalibrated].
   */
  readonly network: Network;
  readonly weights: Weights;
}

/** Creates missing weights deterministically. */
export type Initializer = (name: string, shape: readonly number[]) => Weight;
