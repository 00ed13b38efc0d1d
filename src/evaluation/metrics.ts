import { aupro, regionWeights, type ScoredMap } from "./aupro.ts";
import { auroc } from "./auroc.ts";
import { averagePrecision, f1Max } from "./average-precision.ts";
import { EXACT_SCORES, rank, tieShare, type Scored } from "./ranking.ts";

/** How well scores of pictures rank bad above good; null where a class is missing. All 0..1. */
export interface ImageMetrics {
  readonly auroc: number | null;
  readonly averagePrecision: number | null;
  readonly f1Max: number | null;
}

/** How well anomaly maps show where; null where no picture has a defect mask. All 0..1. */
export interface PixelMetrics extends ImageMetrics {
  /** AUPRO up to a false-positive rate of 0.3, the usual one. */
  readonly aupro: number | null;
  /** AUPRO up to 0.05: what matters where false alarms cost. */
  readonly aupro005: number | null;
  /** Largest error of `auroc` by binning; 0 up to 2^26 pixels. */
  readonly aurocError: number;
}

/** Metrics of one score a picture. */
export function imageMetrics(scored: Scored): ImageMetrics {
  const ranking = rank([scored]);
  if (ranking.positives.total === 0 || ranking.negatives.total === 0)
    return { auroc: null, averagePrecision: null, f1Max: null };
  return { auroc: auroc(ranking), averagePrecision: averagePrecision(ranking), f1Max: f1Max(ranking) };
}

/** Metrics over all pixels of all pictures, good ones (labels all 0) included. Definitions: methods.md §4.2. */
export function pixelMetrics(maps: readonly ScoredMap[], exactScores = EXACT_SCORES): PixelMetrics {
  const ranking = rank(maps, exactScores);
  const regions = regionWeights(maps);
  const isBinned = ranking.negatives.weights !== null;
  return {
    auroc: auroc(ranking),
    averagePrecision: averagePrecision(ranking),
    f1Max: f1Max(ranking),
    aupro: aupro(regions, ranking.negatives, 0.3),
    aupro005: aupro(regions, ranking.negatives, 0.05),
    aurocError: isBinned ? tieShare(ranking) / 2 : 0,
  };
}
