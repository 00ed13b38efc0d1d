import { CELL_VERSION, type Cell } from "../../src/evaluation/cell.ts";
import type { DataSetResult } from "../../src/evaluation/result.ts";

/** A measured cell with eight pictures; `shift` moves the figures, `changes` replace whole keys. */
export function sampleCell(
  category: string,
  seed: number,
  { shift = 0, ...changes }: Partial<Cell> & { readonly shift?: number } = {},
): Cell {
  return {
    key: `${category}-${seed}`,
    version: CELL_VERSION,
    pictures: null,
    resumed: false,
    category,
    seed,
    images: 40,
    report: {
      good: 4,
      bad: 4,
      imageAuroc: 0.8 + shift,
      imageAp: 0.7,
      imageF1Max: 0.75,
      pixelAuroc: 0.9,
      pixelAurocError: 0,
      pixelAp: 0.4,
      pixelF1Max: 0.45,
      aupro: 0.6,
      aupro005: null,
      withoutMask: 0,
      emptyMask: 0,
      perDefect: { "dent & <b>": { pictures: 4, imageAuroc: 0.8, caughtShare: 0.5 } },
      threshold: 2,
      falseRejectRate: 0.25,
      escapeRate: 0.5,
      latencyMsP50: 7.5,
      latencyMsP99: 9,
      decodeMsP50: 2,
      evaluateSeconds: 1,
    },
    scores: [
      ...[0, 1, 1.5, 2.5].map((score) => ({ file: "/set/good.png", isBad: false, kind: "good", score })),
      ...[0.5, 1.2, 3, 40].map((score) => ({ file: "/set/bad.png", isBad: true, kind: "dent", score })),
    ],
    heldOutScores: Array.from({ length: 20 }, (_, at) => -1 + at / 10),
    statedFalseReject: { low: 0, high: 0.17 },
    jobs: 1,
    threads: 2,
    trainSeconds: 60,
    trainPeakMb: 800,
    cost: { macs: 4e8, parameters: 7e5 },
    choice: null,
    examples: [],
    oracle: null,
    ...changes,
  };
}

export function sampleResult(cells: readonly Cell[], changes: Partial<DataSetResult> = {}): DataSetResult {
  return {
    dataSet: "parts",
    layout: "MVTec form",
    method: "aand",
    teacher: "efficientnet-lite0",
    size: 256,
    seeds: [...new Set(cells.map(({ seed }) => seed))],
    cells,
    published: null,
    leftOut: [],
    ...changes,
  };
}
