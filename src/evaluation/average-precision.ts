import { sweep, type Ranking } from "./ranking.ts";

/**
 * Average precision Σ (R_n − R_{n−1}) P_n over descending thresholds, equal scores taken together, 0..1. Not the
 * trapezoidal area, which is optimistic. Source: scikit-learn, average_precision_score.
 * @returns null without anomalous scores
 */
export function averagePrecision({ positives, negatives }: Ranking): number | null {
  if (positives.total === 0) return null;
  let sum = 0;
  let lastHits = 0;
  sweep(positives, negatives, (hits, alarms) => {
    if (hits > lastHits) sum += ((hits - lastHits) * hits) / (hits + alarms);
    lastHits = hits;
  });
  return sum / positives.total;
}

/**
 * Highest F1 = 2PR / (P + R) over all thresholds, 0..1. It uses the test labels: a number about the ranking, never a
 * threshold to deploy.
 * @returns null without anomalous scores
 */
export function f1Max({ positives, negatives }: Ranking): number | null {
  if (positives.total === 0) return null;
  let best = 0;
  sweep(positives, negatives, (hits, alarms) => {
    best = Math.max(best, (2 * hits) / (positives.total + hits + alarms));
  });
  return best;
}
