import { TrainingError } from "../../domain/errors.ts";
import type { Weight, Weights } from "../../graph/ops.ts";
import type { Tell } from "../method.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** Mean and covariance of one level's features. */
export interface FeatureStatistics {
  readonly count: number;
  /** [C] */
  readonly mean: Float64Array;
  /** [C, C], divided by the count. */
  readonly covariance: Float64Array;
}

/** Gathers mean and covariance of feature vectors, batch after batch, in Float64. */
export interface FeatureAccumulator {
  /** @param rows [n, C] row-major: one row a location (a tfjs feature [B, H, W, C] as it lies in memory) */
  add(rows: Float32Array): void;
  /** @throws TrainingError if fewer than 2 locations were added. */
  result(): FeatureStatistics;
}

/** An empty accumulator for vectors of this length. Sums are kept around the first vector, so large means lose nothing. */
export function createFeatureAccumulator(channels: number): FeatureAccumulator {
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels * channels); // upper triangle
  let origin: Float64Array | null = null;
  let count = 0;
  return {
    add(rows) {
      origin ??= Float64Array.from(rows.subarray(0, channels));
      const centered = new Float64Array(channels);
      for (let start = 0; start + channels <= rows.length; start += channels) {
        for (let i = 0; i < channels; i++) centered[i] = (rows[start + i] ?? 0) - (origin[i] ?? 0);
        for (let i = 0; i < channels; i++) {
          const value = centered[i] ?? 0;
          sums[i] = (sums[i] ?? 0) + value;
          for (let j = i, at = i * channels + i; j < channels; j++, at++)
            products[at] = (products[at] ?? 0) + value * (centered[j] ?? 0);
        }
        count++;
      }
    },
    result() {
      if (origin === null || count < 2)
        throw new TrainingError(
          "too-few-features",
          `Feature statistics need at least 2 locations, got ${count}; add pictures of normal parts.`,
        );
      const first = origin;
      const offset = sums.map((sum) => sum / count);
      const covariance = new Float64Array(channels * channels);
      for (let i = 0; i < channels; i++)
        for (let j = i; j < channels; j++) {
          const value = (products[i * channels + j] ?? 0) / count - (offset[i] ?? 0) * (offset[j] ?? 0);
          covariance[i * channels + j] = value;
          covariance[j * channels + i] = value;
        }
      return { count, mean: offset.map((value, i) => value + (first[i] ?? 0)), covariance };
    },
  };
}

const SMALLEST_VARIANCE = 1e-12;
const RIDGE = 0.02; // share of the mean eigenvalue added to each (accuracy.md, recipe as measured)

/**
 * PCA whitening as a 1×1 convolution: (e_j + 0.02·mean e)^-½ · u_jᵀ · (x − mean) for each eigenpair (e_j, u_j). On
 * linear-bottleneck teachers, whose channels differ widely in spread, it makes a squared error meaningful.
 * @returns `weight` [C, C, 1, 1] and `bias` [C]
 */
export function whiteningConvolution({ mean, covariance }: FeatureStatistics): {
  weight: Weight;
  bias: Weight;
} {
  const channels = mean.length;
  const { values, vectors } = symmetricEigen(covariance, channels);
  const eigenvalues = values.map((value) => Math.max(value, 0));
  const ridge = (RIDGE * eigenvalues.reduce((sum, value) => sum + value, 0)) / channels + SMALLEST_VARIANCE;
  const weight = new Float32Array(channels * channels);
  const bias = new Float32Array(channels);
  for (let j = 0; j < channels; j++) {
    const scale = 1 / Math.sqrt((eigenvalues[j] ?? 0) + ridge);
    let projectedMean = 0;
    for (let i = 0; i < channels; i++) {
      const factor = (vectors[i * channels + j] ?? 0) * scale;
      weight[j * channels + i] = factor;
      projectedMean += factor * (mean[i] ?? 0);
    }
    bias[j] = -projectedMean;
  }
  return {
    weight: { shape: [channels, channels, 1, 1], data: weight },
    bias: { shape: [channels], data: bias },
  };
}

const SMALLEST_STD = Math.sqrt(SMALLEST_VARIANCE);

/** Per-channel standardisation of the student's inputs: (x + offset) · scale. Both [C]. */
export function standardization({ mean, covariance }: FeatureStatistics): { offset: Weight; scale: Weight } {
  const channels = mean.length;
  const std = (i: number): number => Math.sqrt(Math.max(covariance[i * channels + i] ?? 0, 0));
  return {
    offset: { shape: [channels], data: Float32Array.from(mean, (value) => -value) },
    scale: { shape: [channels], data: Float32Array.from(mean, (_, i) => 1 / Math.max(std(i), SMALLEST_STD)) },
  };
}

/** The `standardize.<level>.*` weights of all levels: no eigenvectors, whose time grows with the cube of the channels. */
export function standardizationWeights(statistics: ReadonlyMap<number, FeatureStatistics>): Weights {
  return new Map(
    [...statistics].flatMap(([level, levelStatistics]): [string, Weight][] => {
      const { offset, scale } = standardization(levelStatistics);
      return [
        [`standardize.${level}.offset`, offset],
        [`standardize.${level}.scale`, scale],
      ];
    }),
  );
}

/**
 * The `whiten.<level>.*` and `standardize.<level>.*` weights of all levels. 1024 channels take seconds, so each level is told.
 * @param statistics of (amplified) features of normal parts, by level number
 */
export async function whiteningWeights(
  statistics: ReadonlyMap<number, FeatureStatistics>,
  tell?: Tell,
): Promise<Weights> {
  const weights = new Map(standardizationWeights(statistics));
  for (const [level, levelStatistics] of statistics) {
    await tell?.(`whitening the ${levelStatistics.mean.length} channels of level ${level}`);
    const { weight, bias } = whiteningConvolution(levelStatistics);
    weights.set(`whiten.${level}.weight`, weight).set(`whiten.${level}.bias`, bias);
  }
  return weights;
}
