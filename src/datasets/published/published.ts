/** What a published row measured, 0..1; a figure that was not published is left out. */
export interface PublishedMetrics {
  readonly imageAuroc?: number;
  readonly imageAp?: number;
  readonly imageF1Max?: number;
  readonly pixelAuroc?: number;
  readonly pixelAp?: number;
  readonly pixelF1Max?: number;
  readonly aupro?: number;
}

/** One method's published figures on a data set, somebody else's work. */
export interface PublishedRow {
  readonly method: string;
  /** Null: the mean over all categories. */
  readonly category: string | null;
  readonly metrics: PublishedMetrics;
  /** Where it was read. */
  readonly source: string;
  /** What keeps it from being compared as it stands. */
  readonly caveat: string;
}

/** Published figures of one data set. Figures whose source could not be read are not in it. */
export interface PublishedTable {
  readonly dataSet: string;
  /** Its categories; empty where the layout alone tells. */
  readonly categories: readonly string[];
  readonly rows: readonly PublishedRow[];
}

/** Image AUROC, pixel AUROC, AUPRO as printed, in percent; null: not published. */
export type Triple = readonly [image: number | null, pixel: number | null, aupro: number | null];

/** One model a category, mean over the categories. */
export function meanRow(
  method: string,
  [image, pixel, aupro]: Triple,
  source: string,
  caveat = "",
): PublishedRow {
  const metrics = { imageAuroc: image, pixelAuroc: pixel, aupro };
  return { method, category: null, metrics: shares(metrics), source, caveat };
}

/** Image AUROC of each category as printed, in percent. */
export function categoryRows(
  method: string,
  imageAurocs: Readonly<Record<string, number>>,
  source: string,
): PublishedRow[] {
  return Object.entries(imageAurocs).map(([category, imageAuroc]) => ({
    method,
    category,
    metrics: shares({ imageAuroc }),
    source,
    caveat: "",
  }));
}

const ADER_CAVEAT =
  "one model for all categories, 256², 100 epochs; AUPRO by 200 thresholds, end point not interpolated";

/** A row of ADer's benchmark: image AUROC/AP/F1-max, pixel AUROC/AP/F1-max, AUPRO as printed, in percent. */
export function aderRow(
  method: string,
  figures: readonly [number, number, number, number, number, number, number],
): PublishedRow {
  const [imageAuroc, imageAp, imageF1Max, pixelAuroc, pixelAp, pixelF1Max, aupro] = figures;
  const metrics = { imageAuroc, imageAp, imageF1Max, pixelAuroc, pixelAp, pixelF1Max, aupro };
  return { method, category: null, metrics: shares(metrics), source: "ADer repository", caveat: ADER_CAVEAT };
}

/** Percent to 0..1, without what is null. */
export function shares(percents: Readonly<Record<string, number | null>>): PublishedMetrics {
  const known = Object.entries(percents).flatMap(([name, value]) =>
    value === null ? [] : [[name, value / 100] as const],
  );
  return Object.fromEntries(known);
}
