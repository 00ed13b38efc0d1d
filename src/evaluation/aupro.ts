import type { Size } from "../domain/inspection.ts";
import { findComponents } from "./components.ts";
import { sweep, type Distribution, type Scored } from "./ranking.ts";

/** The anomaly map of one picture with its ground truth, row-major at `size`. */
export interface ScoredMap extends Scored {
  readonly size: Size;
}

/**
 * Scores of all anomalous pixels, each weighing 1 / (pixels of its component · number of components): the weight at or
 * above a threshold is the per-region overlap (PRO). Components are 8-connected and count equally, over all pictures.
 */
export function regionWeights(maps: readonly ScoredMap[]): Distribution {
  const scores: number[] = [];
  const areas: number[] = [];
  let components = 0;
  for (const map of maps) {
    const { labels, sizes } = findComponents(map.labels, map.size);
    components += sizes.length;
    labels.forEach((label, at) => {
      if (label === 0) return;
      scores.push(map.scores[at]!);
      areas.push(sizes[label - 1]!);
    });
  }
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  return {
    values: Float64Array.from(order, (at) => scores[at]!),
    weights: Float64Array.from(order, (at) => 1 / (areas[at]! * components)),
    total: components > 0 ? 1 : 0,
  };
}

/**
 * Area under the PRO curve up to a false-positive rate of `limit`, divided by `limit`, 0..1. Thresholds are all distinct
 * scores of the whole test set; the false-positive rate counts the normal pixels of all pictures; the curve is linear
 * between points and cut at `limit` by interpolation. Source: Bergmann et al. 2021 (MVTec's own evaluation); methods.md §4.2.
 * @param regions `regionWeights` of the same pictures   @param negatives scores of all normal pixels
 * @returns null without anomalous or without normal pixels
 */
export function aupro(regions: Distribution, negatives: Distribution, limit: number): number | null {
  if (regions.total === 0 || negatives.total === 0) return null;
  let area = 0;
  let lastOverlap = 0;
  let lastRate = 0;
  sweep(regions, negatives, (overlap, alarms) => {
    const rate = alarms / negatives.total;
    if (lastRate < limit && rate > lastRate) {
      const end = Math.min(rate, limit);
      const share = (end - lastRate) / (rate - lastRate);
      const overlapAtEnd = lastOverlap + (overlap - lastOverlap) * share;
      area += ((end - lastRate) * (lastOverlap + overlapAtEnd)) / 2;
    }
    lastOverlap = overlap;
    lastRate = rate;
  });
  return area / limit;
}
