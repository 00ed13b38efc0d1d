import { rank, sweep, type Ranking } from "./ranking.ts";

/**
 * Area under the ROC curve, 0..1: the chance that an anomalous score is above a normal one, ties count one half
 * (Mann-Whitney).
 * @returns null if one class is empty
 */
export function auroc({ positives, negatives }: Ranking): number | null {
  if (positives.total === 0 || negatives.total === 0) return null;
  let area = 0;
  let lastHits = 0;
  let lastAlarms = 0;
  sweep(positives, negatives, (hits, alarms) => {
    area += ((alarms - lastAlarms) * (hits + lastHits)) / 2;
    lastHits = hits;
    lastAlarms = alarms;
  });
  return area / (positives.total * negatives.total);
}

/**
 * AUROC of one score a picture.
 * @param isBad ground truth of each score
 * @returns 0..1, or null if there are only good or only bad ones
 */
export function imageAuroc(scores: readonly number[], isBad: readonly boolean[]): number | null {
  return auroc(rank([{ scores: Float64Array.from(scores), labels: Uint8Array.from(isBad, Number) }]));
}
