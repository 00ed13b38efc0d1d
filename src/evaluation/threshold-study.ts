import { createRandom } from "../graph/random.ts";
import { clopperPearson } from "../training/calibrate.ts";
import { shuffled } from "../training/split.ts";

/** What a rule makes of the scores of normal pictures. Scale and shift of the scores must not matter to it. */
export type ThresholdRule = (scores: readonly number[]) => {
  /** In the scores' own units; a score above it is rejected. */
  readonly limit: number;
  /** Stated share of good parts that will be rejected. */
  readonly stated: { readonly low: number; readonly high: number };
};

/** How thresholds from `count` normals did on the other ones. All shares 0..1. */
export interface SplitStudy {
  /** Normals that gave each threshold. */
  readonly count: number;
  /** Normals that each was tried on. */
  readonly others: number;
  readonly splits: number;
  /** Splits in which the share of the others that was rejected lies in the stated interval. */
  readonly inside: number;
  readonly meanRejected: number;
  /** Nine of ten splits rejected no more than this. */
  readonly rejectedP90: number;
  readonly meanStatedHigh: number;
}

/**
 * Splits normals at random, again and again: some give the threshold, the others are judged by it.
 * @param pool scores of normal pictures that no training has seen
 * @param count normals that give the threshold, 2 to pool.length - 1
 * @throws RangeError if there are not enough
 */
export function studyThreshold(
  pool: readonly number[],
  rule: ThresholdRule,
  { count, splits, seed }: { readonly count: number; readonly splits: number; readonly seed: number },
): SplitStudy {
  if (count < 2 || count >= pool.length)
    throw new RangeError(
      `${count} of ${pool.length} normals cannot give a threshold and leave others to try it on`,
    );
  const random = createRandom(seed);
  const tries = Array.from({ length: splits }, () => {
    const order = shuffled(pool.length, random).map((at) => pool[at]!);
    const { limit, stated } = rule(order.slice(0, count));
    const others = order.slice(count);
    return { rejected: others.filter((score) => score > limit).length / others.length, stated };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / splits;
  const rejected = tries.map((one) => one.rejected);
  return {
    count,
    others: pool.length - count,
    splits,
    inside: mean(
      tries.map((one) => (one.rejected >= one.stated.low && one.rejected <= one.stated.high ? 1 : 0)),
    ),
    meanRejected: mean(rejected),
    rejectedP90: rejected.toSorted((a, b) => a - b)[Math.ceil(0.9 * splits) - 1] ?? NaN,
    meanStatedHigh: mean(tries.map(({ stated }) => stated.high)),
  };
}

/** What it takes to promise that at most a share of the good parts is rejected. */
export interface NormalsNeeded {
  /** Promised share of good parts rejected, 0..1. */
  readonly target: number;
  /** Held-out normals, none of them above the threshold, that are needed. */
  readonly heldOut: number;
  /** Good parts to collect, the ones that are learned from included. */
  readonly collected: number;
}

/**
 * The fewest held-out normals for which the 95 % interval of the false-reject rate ends at or below a target if none of
 * them is rejected (Clopper and Pearson 1934). One rejected part among them and it takes about half as many again.
 * @param heldOutShare of the collected normals that do not train, 0..1
 */
export function normalsNeeded(target: number, heldOutShare: number): NormalsNeeded {
  let heldOut = 1;
  while (clopperPearson(0, heldOut, 0.95).high > target) heldOut += 1;
  return { target, heldOut, collected: Math.ceil(heldOut / heldOutShare) };
}
