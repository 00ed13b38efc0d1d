/** Scores and their ground truth: of pictures, or of all pixels of one picture. Both arrays have the same length. */
export interface Scored {
  /** Higher is more anomalous. Infinite is allowed, NaN is not. */
  readonly scores: Float32Array | Float64Array;
  /** 1 anomalous, 0 normal. */
  readonly labels: Uint8Array;
}

/** A weighted set of scores, ascending. */
export interface Distribution {
  readonly values: Float32Array | Float64Array;
  /** Weight of each value; null means 1 each. */
  readonly weights: Float64Array | null;
  /** Sum of the weights. */
  readonly total: number;
}

/** Anomalous and normal scores side by side: what every ranking metric is computed from. */
export interface Ranking {
  readonly positives: Distribution;
  readonly negatives: Distribution;
}

/** Scores are ranked exactly up to this many (about 1 GB of work arrays); above they are put into bins. */
export const EXACT_SCORES = 2 ** 26;
/** Bins between the lowest and the highest score beyond that. */
const BINS = 2 ** 20;

/**
 * Sorts scores by class. Exact up to `exactScores`; beyond, scores become the middle of one of 2^20 equal bins, which
 * changes AUROC by at most half the share of (anomalous, normal) pairs that fall into one bin (see `tieShare`).
 * @throws RangeError on a NaN score or on arrays of different length
 */
export function rank(chunks: readonly Scored[], exactScores = EXACT_SCORES): Ranking {
  let count = 0;
  for (const { scores, labels } of chunks) {
    if (scores.length !== labels.length) {
      throw new RangeError(
        `${scores.length} scores and ${labels.length} labels; there must be one label a score.`,
      );
    }
    count += scores.length;
  }
  return count <= exactScores ? rankExactly(chunks) : rankByBins(chunks);
}

/** Share of (anomalous, normal) pairs with equal scores, 0..1: twice the largest error that binning can add to AUROC. */
export function tieShare({ positives, negatives }: Ranking): number {
  let pairs = 0;
  let above = 0;
  let falseAbove = 0;
  sweep(positives, negatives, (covered, falseCovered) => {
    pairs += (covered - above) * (falseCovered - falseAbove);
    above = covered;
    falseAbove = falseCovered;
  });
  return pairs / (positives.total * negatives.total);
}

/**
 * Lowers a threshold through all distinct scores, highest first, and tells how much weight of each class is at or above
 * it. Ends with both totals.
 */
export function sweep(
  positives: Distribution,
  negatives: Distribution,
  visit: (positive: number, negative: number) => void,
): void {
  let p = positives.values.length;
  let n = negatives.values.length;
  let positive = 0;
  let negative = 0;
  while (p > 0 || n > 0) {
    const threshold = Math.max(positives.values[p - 1] ?? -Infinity, negatives.values[n - 1] ?? -Infinity);
    for (; p > 0 && positives.values[p - 1] === threshold; p--) positive += positives.weights?.[p - 1] ?? 1;
    for (; n > 0 && negatives.values[n - 1] === threshold; n--) negative += negatives.weights?.[n - 1] ?? 1;
    visit(positive, negative);
  }
}

function rankExactly(chunks: readonly Scored[]): Ranking {
  return { positives: sortedOf(chunks, 1), negatives: sortedOf(chunks, 0) };
}

/** All scores of one class, ascending. Typed arrays: a test set has 10^7 to 10^8 pixels. */
function sortedOf(chunks: readonly Scored[], label: 0 | 1): Distribution {
  let count = 0;
  for (const { labels } of chunks) for (const value of labels) if (value === label) count++;
  const isDouble = chunks.some(({ scores }) => scores instanceof Float64Array);
  const values = isDouble ? new Float64Array(count) : new Float32Array(count);
  let at = 0;
  for (const { scores, labels } of chunks) {
    for (let i = 0; i < scores.length; i++) if (labels[i] === label) values[at++] = scores[i]!;
  }
  values.sort();
  requireNumbers(values);
  return { values, weights: null, total: count };
}

function requireNumbers(sorted: Float32Array | Float64Array): void {
  const last = sorted[sorted.length - 1];
  if (last !== undefined && Number.isNaN(last)) {
    throw new RangeError("A score is NaN; scores must be numbers. The model that made it is broken.");
  }
}

function rankByBins(chunks: readonly Scored[]): Ranking {
  const { low, high } = rangeOf(chunks);
  const scale = high > low ? (BINS - 1) / (high - low) : 0;
  const counts = [new Float64Array(BINS), new Float64Array(BINS)] as const;
  for (const { scores, labels } of chunks) {
    for (let i = 0; i < scores.length; i++) {
      const ofClass = counts[labels[i] === 1 ? 1 : 0];
      const bin = Math.round((scores[i]! - low) * scale);
      ofClass[bin] = ofClass[bin]! + 1;
    }
  }
  const values = Float64Array.from({ length: BINS }, (_, bin) => low + bin / (scale || 1));
  const distribution = (weights: Float64Array): Distribution => ({
    values,
    weights,
    total: weights.reduce((sum, weight) => sum + weight, 0),
  });
  return { positives: distribution(counts[1]), negatives: distribution(counts[0]) };
}

function rangeOf(chunks: readonly Scored[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const { scores } of chunks) {
    for (const score of scores) {
      if (!Number.isFinite(score)) {
        throw new RangeError(
          `A score is ${score}; more than ${EXACT_SCORES} scores are ranked only if all are finite.`,
        );
      }
      low = Math.min(low, score);
      high = Math.max(high, score);
    }
  }
  return { low, high };
}
