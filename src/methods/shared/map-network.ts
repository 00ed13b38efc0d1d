import type { Network, Ops } from "../../graph/ops.ts";
import { zip } from "../../graph/zip.ts";
import { resampleMatrix } from "./resample.ts";

/** `cosine`: 1 − cos, the papers; `whitened`: mean over channels of the squared error. */
export type Distance = "cosine" | "whitened";

export interface MapOptions {
  readonly distance: Distance;
  readonly blurSigmaPx: number;
  /** Size of the anomaly map. */
  readonly height: number;
  readonly width: number;
}

/**
 * Distance of target and prediction at each location, one channel. Cosine: 0 (same direction) to 2; whitened: ≥ 0.
 */
export function distanceMap<T>(ops: Ops<T>, target: T, prediction: T, distance: Distance): T {
  if (distance === "whitened") return ops.meanChannels(ops.square(ops.sub(target, prediction)));
  const cosine = ops.sumChannels(ops.mul(ops.normalizeChannels(target), ops.normalizeChannels(prediction)));
  return ops.affine(cosine, -1, 1);
}

/**
 * Anomaly map: the distances of all levels, up-sampled (bilinear, align_corners), summed and blurred. Blur and up-sampling
 * are linear, so they are folded into one matrix a level and axis.
 * @param distances 1 × h × w a level   @returns 1 × height × width
 * Source: AAND §III-D; the blur is in RD's and AAND's code only.
 */
export function anomalyMap<T>(
  ops: Ops<T>,
  distances: readonly T[],
  { height, width, blurSigmaPx }: Omit<MapOptions, "distance">,
): T {
  return distances
    .map((distance) => {
      const { h, w } = ops.shape(distance);
      const left = resampleMatrix(height, h, blurSigmaPx);
      return ops.resample(distance, left, resampleMatrix(width, w, blurSigmaPx));
    })
    .reduce((sum, level) => ops.add(sum, level));
}

/** Inputs: targets, then predictions, finest first. Outputs: [anomaly map]. */
export function mapNetwork(options: MapOptions): Network {
  return (ops, inputs) => {
    const levels = inputs.length / 2;
    const distances = zip(inputs.slice(0, levels), inputs.slice(levels)).map(([target, prediction]) =>
      distanceMap(ops, target, prediction, options.distance),
    );
    return [anomalyMap(ops, distances, options)];
  };
}
