import { calibrate } from "../training/calibrate.ts";
import type { Cell } from "./cell.ts";
import { normalsNeeded, studyThreshold, type SplitStudy, type ThresholdRule } from "./threshold-study.ts";
import type { Table } from "./table.ts";

const TARGETS = [0.1, 0.05, 0.02, 0.01, 0.005];
/** Further numbers of normals to try, where there are enough for as many others. */
const COUNTS = [10, 20, 50, 100, 200, 500];
const STUDY_SEED = 1;

export interface ThresholdSettings {
  readonly quantile: number;
  readonly factor: number;
  readonly heldOutShare: number;
  readonly splits: number;
}

/** Study of one cell's normals: the held-out ones and the good test pictures, which no training has seen. */
export interface CellStudy {
  readonly category: string;
  readonly seed: number;
  /** As deployed: as many normals as calibration had. Null if there are too few others. */
  readonly deployed: SplitStudy | null;
  readonly counts: readonly SplitStudy[];
}

/** Tries the station's own threshold rule on random splits of every cell's normals. */
export function studyCells(cells: readonly Cell[], settings: ThresholdSettings): CellStudy[] {
  const rule = stationRule(settings);
  return cells.map(({ category, seed, heldOutScores, scores }) => {
    const good = scores.filter(({ isBad }) => !isBad).map(({ score }) => score);
    const pool = [...heldOutScores, ...good];
    const study = (count: number): SplitStudy =>
      studyThreshold(pool, rule, { count, splits: settings.splits, seed: STUDY_SEED });
    return {
      category,
      seed,
      deployed: good.length > 0 && heldOutScores.length > 1 ? study(heldOutScores.length) : null,
      counts: COUNTS.filter((count) => count <= pool.length / 2).map(study),
    };
  });
}

export function thresholdTables(studies: readonly CellStudy[], settings: ThresholdSettings): Table[] {
  const header = [
    "",
    "seed",
    "normals",
    "tried on",
    "inside stated",
    "rejected",
    "9 of 10 below",
    "stated up to",
  ];
  const row = ({ category, seed }: CellStudy, study: SplitStudy): string[] => [
    category,
    String(seed),
    String(study.count),
    String(study.others),
    ...[study.inside, study.meanRejected, study.rejectedP90, study.meanStatedHigh].map(percent),
  ];
  return [
    {
      title: `threshold from normals: ${settings.splits} random splits, as many normals as the station had, then other numbers`,
      header,
      rows: [
        ...studies.flatMap((one) => (one.deployed ? [row(one, one.deployed)] : [])),
        ...studies.flatMap((one) => one.counts.map((study) => row(one, study))),
      ],
    },
    {
      title:
        "good parts needed to state a false-reject rate with 95 % confidence, if no held-out part is rejected",
      header: ["at most", "held out", "collected"],
      rows: TARGETS.map((target) => {
        const { heldOut, collected } = normalsNeeded(target, settings.heldOutShare);
        return [percent(target), String(heldOut), String(collected)];
      }),
    },
  ];
}

/** Calibration as the station does it, with its threshold put back into the scores' own units. */
function stationRule({ quantile, factor }: ThresholdSettings): ThresholdRule {
  return (scores) => {
    const { mean, deviation, threshold, falseRejectRate } = calibrate(scores, quantile, factor);
    return { limit: mean + threshold * deviation, stated: falseRejectRate };
  };
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
