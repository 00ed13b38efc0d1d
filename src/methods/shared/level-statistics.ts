import { zip } from "../../graph/zip.ts";
import type { FeatureBatches, Level } from "../method.ts";
import { createFeatureAccumulator, type FeatureStatistics } from "./whiten.ts";

/**
 * Mean and covariance of the features of normal parts, by level number; what `whiteningWeights` and `standardizationWeights` need.
 * @throws TrainingError if there are fewer than 2 locations.
 */
export async function levelStatistics(
  levels: readonly Level[],
  normals: FeatureBatches,
): Promise<ReadonlyMap<number, FeatureStatistics>> {
  const accumulators = levels.map(({ shape }) => createFeatureAccumulator(shape.c));
  for await (const records of normals) {
    for (const [accumulator, record] of zip(accumulators, records)) accumulator.add(record);
  }
  return new Map(zip(levels, accumulators).map(([{ level }, accumulator]) => [level, accumulator.result()]));
}
