/** How far the score of one unchanged part strays, and the grey zone that follows from it. */
export interface Repeatability {
  readonly scores: number;
  readonly mean: number;
  readonly lowest: number;
  readonly highest: number;
  /** Sample standard deviation. */
  readonly sigma: number;
  /** Upper end of sigma's one-sided 95 % interval: few repeats prove little. */
  readonly sigmaHigh: number;
  /** Scores within this distance of the threshold may fall on either side: 3 sigmaHigh. */
  readonly guardBand: number;
  /** (mean − threshold) / sigma; null without a threshold, or where sigma is 0. */
  readonly marginSigma: number | null;
  /** Share of the repeats that got the most frequent verdict (attribute agreement), 0..1. */
  readonly agreement: number;
}

const GUARD_SIGMAS = 3; // 99.7 % of a normal distribution lies within
const NORMAL_05 = -1.6448536269514722; // 5 % quantile of the standard normal distribution

/**
 * The repeatability of scores taken of one part that was not moved.
 * @param scores at least 2   @param verdicts of the same parts
 * @throws RangeError with fewer
 */
export function repeatabilityOf(
  scores: readonly number[],
  verdicts: readonly string[],
  threshold: number | null,
): Repeatability {
  if (scores.length < 2) throw new RangeError(`${scores.length} scores; a spread needs at least 2`);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const freedom = scores.length - 1;
  const sigma = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / freedom);
  const sigmaHigh = sigma * Math.sqrt(freedom / chiSquare05(freedom));
  const counts = new Map<string, number>();
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return {
    scores: scores.length,
    mean,
    lowest: Math.min(...scores),
    highest: Math.max(...scores),
    sigma,
    sigmaHigh,
    guardBand: GUARD_SIGMAS * sigmaHigh,
    marginSigma: threshold === null || sigma === 0 ? null : (mean - threshold) / sigma,
    agreement: Math.max(0, ...counts.values()) / Math.max(1, verdicts.length),
  };
}

/** 5 % quantile of the chi-square distribution, by Wilson and Hilferty's cube (its root within 2 % from 4 degrees of freedom on). */
function chiSquare05(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * Math.max(1e-6, 1 - spread + NORMAL_05 * Math.sqrt(spread)) ** 3;
}
