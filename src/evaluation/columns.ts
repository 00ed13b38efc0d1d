import type { PublishedMetrics } from "../datasets/published/published.ts";
import type { Cell } from "./cell.ts";
import type { Spread } from "./spread.ts";

/** One figure of a cell and how it is written. */
export interface Column {
  readonly title: string;
  /** For readers who do not know the figure. */
  readonly meaning: string;
  readonly of: (cell: Cell) => number | null;
  readonly text: (spread: Spread) => string;
  /** The same figure of a published row. */
  readonly published?: keyof PublishedMetrics;
}

export const ACCURACY: readonly Column[] = [
  {
    title: "image AUROC",
    meaning: "how often a bad part scores above a good one: 1 always, 0.5 by chance",
    of: ({ report }) => report.imageAuroc,
    text: share,
    published: "imageAuroc",
  },
  {
    title: "image AP",
    meaning:
      "how pure the highest scores are: share of bad parts among those above a threshold, averaged over the thresholds",
    of: ({ report }) => report.imageAp,
    text: share,
    published: "imageAp",
  },
  {
    title: "image F1-max",
    meaning:
      "best balance of bad parts caught and good ones spared, at a threshold that the test pictures chose",
    of: ({ report }) => report.imageF1Max,
    text: share,
    published: "imageF1Max",
  },
  {
    title: "pixel AUROC",
    meaning: "as image AUROC, of pixels: is the defect marked where it is",
    of: ({ report }) => report.pixelAuroc,
    text: share,
    published: "pixelAuroc",
  },
  {
    title: "pixel AP",
    meaning: "as image AP, of pixels",
    of: ({ report }) => report.pixelAp,
    text: share,
    published: "pixelAp",
  },
  {
    title: "pixel F1-max",
    meaning: "as image F1-max, of pixels",
    of: ({ report }) => report.pixelF1Max,
    text: share,
    published: "pixelF1Max",
  },
  {
    title: "AUPRO .3",
    meaning:
      "share of each defect's area that is marked, small defects counting as much as large ones, averaged up to 30 % of the sound area marked",
    of: ({ report }) => report.aupro,
    text: share,
    published: "aupro",
  },
  { title: "AUPRO .05", meaning: "the same up to 5 %", of: ({ report }) => report.aupro005, text: share },
];

export const COST: readonly Column[] = [
  {
    title: "false rejects",
    meaning: "good parts rejected at the deployed threshold",
    of: ({ report }) => report.falseRejectRate,
    text: percent,
  },
  {
    title: "stated from",
    meaning: "lower end of the 95 % interval that calibration stated for false rejects",
    of: ({ statedFalseReject }) => statedFalseReject.low,
    text: percentOfMean,
  },
  {
    title: "to",
    meaning: "its upper end",
    of: ({ statedFalseReject }) => statedFalseReject.high,
    text: percentOfMean,
  },
  {
    title: "escapes",
    meaning: "bad parts passed at the deployed threshold",
    of: ({ report }) => report.escapeRate,
    text: percent,
  },
  {
    title: "good parts",
    meaning: "pictures learned from, the held-out ones included",
    of: ({ images }) => images,
    text: whole,
  },
  {
    title: "train s",
    meaning: "seconds of the whole training",
    of: ({ trainSeconds }) => trainSeconds,
    text: whole,
  },
  {
    title: "peak MB",
    meaning: "highest memory of the training process",
    of: ({ trainPeakMb }) => trainPeakMb,
    text: whole,
  },
  {
    title: "infer ms",
    meaning: "median time of one picture",
    of: ({ report }) => report.latencyMsP50,
    text: tenth,
  },
  {
    title: "MMAC",
    meaning: "million multiply-adds of one picture",
    of: ({ cost }) => (cost === null ? null : cost.macs / 1e6),
    text: whole,
  },
  {
    title: "k param",
    meaning: "thousand weights of convolutions and norms; remembered patches are not counted",
    of: ({ cost }) => (cost === null ? null : cost.parameters / 1e3),
    text: whole,
  },
];

/** What every column means, one line each. */
export function columnNotes(): string[] {
  return [...ACCURACY, ...COST].map(({ title, meaning }) => `${title}: ${meaning}`);
}

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
