/**
 * How far two calibrated values (scores, or places of an anomaly map) are apart that should be the same: in deviations of
 * good parts; beyond ±1 as a share of the expected one, since float32 rounds in shares (a picture that the bank holds can
 * lie 80 deviations below the mean of few held-out parts).
 * @returns NaN or Infinity where either is not finite
 */
export function scoreDifference(expected: number, actual: number): number {
  return Math.abs(expected - actual) / Math.max(Math.abs(expected), 1);
}
