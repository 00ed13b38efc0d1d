import type { PublishedMetrics } from "../datasets/published/published.ts";
import type { Cell } from "./cell.ts";
import type { Spread } from "./spread.ts";

/** One figure of a cell and how it is written. */
export interface Column {
  readonly title: string;
  readonly of: (cell: Cell) => number | null;
  readonly text: (spread: Spread) => string;
  /** The same figure of a published row. */
  readonly published?: keyof PublishedMetrics;
}

export const ACCURACY: readonly Column[] = [
  { title: "image AUROC", of: ({ report }) => report.imageAuroc, text: share, published: "imageAuroc" },
  { title: "image AP", of: ({ report }) => report.imageAp, text: share, published: "imageAp" },
  { title: "image F1-max", of: ({ report }) => report.imageF1Max, text: share, published: "imageF1Max" },
  { title: "pixel AUROC", of: ({ report }) => report.pixelAuroc, text: share, published: "pixelAuroc" },
  { title: "pixel AP", of: ({ report }) => report.pixelAp, text: share, published: "pixelAp" },
  { title: "pixel F1-max", of: ({ report }) => report.pixelF1Max, text: share, published: "pixelF1Max" },
  { title: "AUPRO .3", of: ({ report }) => report.aupro, text: share, published: "aupro" },
  { title: "AUPRO .05", of: ({ report }) => report.aupro005, text: share },
];

export const COST: readonly Column[] = [
  { title: "false rejects", of: ({ report }) => report.falseRejectRate, text: percent },
  { title: "stated from", of: ({ statedFalseReject }) => statedFalseReject.low, text: percentOfMean },
  { title: "to", of: ({ statedFalseReject }) => statedFalseReject.high, text: percentOfMean },
  { title: "escapes", of: ({ report }) => report.escapeRate, text: percent },
  { title: "good parts", of: ({ images }) => images, text: whole },
  { title: "train s", of: ({ trainSeconds }) => trainSeconds, text: whole },
  { title: "peak MB", of: ({ trainPeakMb }) => trainPeakMb, text: whole },
  { title: "infer ms", of: ({ report }) => report.latencyMsP50, text: tenth },
  { title: "MMAC", of: ({ cost }) => (cost === null ? null : cost.macs / 1e6), text: whole },
  { title: "k param", of: ({ cost }) => (cost === null ? null : cost.parameters / 1e3), text: whole },
];

/** "–" where there is no figure. */
export function orDash(spread: Spread | null, text: (spread: Spread) => string): string {
  return spread === null ? "–" : text(spread);
}

/** A single figure without a spread. */
export function one(value: number | null | undefined, text: (spread: Spread) => string): string {
  return orDash(value === null || value === undefined ? null : { mean: value, std: null }, text);
}

/** 0..1 with three digits. */
export function share({ mean, std }: Spread): string {
  return withSpread(mean.toFixed(3), std?.toFixed(3));
}

export function percent({ mean, std }: Spread): string {
  return `${withSpread((mean * 100).toFixed(1), std === null ? undefined : (std * 100).toFixed(1))} %`;
}

function percentOfMean({ mean }: Spread): string {
  return percent({ mean, std: null });
}

function whole({ mean }: Spread): string {
  return mean.toFixed(0);
}

function tenth({ mean }: Spread): string {
  return mean.toFixed(1);
}

function withSpread(mean: string, std: string | undefined): string {
  return std === undefined ? mean : `${mean} ± ${std}`;
}
