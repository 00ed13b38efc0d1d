import type { Cell } from "./cell.ts";
import { meanOver, type DataSetResult } from "./result.ts";
import type { Spread } from "./spread.ts";
import type { CellStudy } from "./threshold-table.ts";

const FIGURES = [
  "imageAuroc",
  "imageAp",
  "imageF1Max",
  "pixelAuroc",
  "pixelAp",
  "pixelF1Max",
  "aupro",
  "aupro005",
  "falseRejectRate",
  "escapeRate",
  "latencyMsP50",
] as const;

/** A result for machines: every cell without its pictures' scores and thumbnails, and the means. */
export function resultJson(
  result: DataSetResult,
  thresholdStudy: readonly CellStudy[],
): Record<string, unknown> {
  const { cells, published, ...rest } = result;
  const means = FIGURES.map((name): [string, Spread | null] => [
    name,
    meanOver(cells, ({ report }) => report[name]),
  ]);
  return {
    ...rest,
    mean: { ...Object.fromEntries(means), trainSeconds: meanOver(cells, ({ trainSeconds }) => trainSeconds) },
    cells: cells.map(withoutPictures),
    published: published?.means ?? [],
    thresholdStudy,
  };
}

function withoutPictures(cell: Cell): Record<string, unknown> {
  return { ...cell, scores: undefined, examples: undefined, heldOutScores: undefined, pictures: undefined };
}
