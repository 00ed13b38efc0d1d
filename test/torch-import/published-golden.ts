import { readFileSync } from "node:fs";
import type { Weights } from "../../src/graph/ops.ts";
import type { Level } from "../../src/methods/method.ts";
import type { StudentPlan } from "../../src/torch-import/rd-network.ts";
import { formulaWeights } from "../backbones/formula-picture.ts";
import type { PictureMap } from "../contract/run-network.ts";
import { formulaValues } from "../golden/formula.ts";

type NamedShapes = readonly (readonly [name: string, shape: readonly number[]])[];

/** One narrow network of scripts/make-golden-published.py: its state dicts' names, and the anomaly map that PyTorch gave. */
export interface PublishedCase {
  readonly kind: "rd" | "aand";
  readonly planes: number;
  /** 0: basic blocks. */
  readonly widening: number;
  readonly squeeze: number;
  readonly stages: [number, number, number];
  /** Pixels a side of the anomaly map. */
  readonly size: number;
  readonly seed: number;
  readonly student: NamedShapes;
  readonly amplifier?: NamedShapes;
  readonly map: { readonly indices: readonly number[]; readonly values: readonly number[] };
  readonly score: number;
}

export const PUBLISHED_CASES = (
  JSON.parse(readFileSync(new URL("../golden/published.json", import.meta.url), "utf8")) as {
    cases: PublishedCase[];
  }
).cases;

export function planOf({ planes, widening, squeeze, stages }: PublishedCase): StudentPlan {
  const block = widening === 0 ? "basic" : "bottleneck";
  return { block, planes, widening: Math.max(widening, 1), squeeze, stages };
}

export function levelsOf({ planes, widening, size }: PublishedCase): Level[] {
  const channels = planes * (widening === 0 ? 1 : 4);
  return [0, 1, 2].map((at) => {
    const side = size / 4 / 2 ** at;
    return { level: at + 1, shape: { c: channels * 2 ** at, h: side, w: side } };
  });
}

/** Formula features, none below 0 as after a ReLU. */
export function featuresOf(golden: PublishedCase): PictureMap[] {
  return levelsOf(golden).map(({ level, shape }) => ({
    shape,
    data: formulaValues(golden.seed, level, shape.c * shape.h * shape.w).map(Math.abs),
  }));
}

export const studentWeights = ({ student, seed }: PublishedCase): Weights => weightsOf(student, seed);
export const encoderWeights = ({ amplifier = [], seed }: PublishedCase): Weights =>
  weightsOf(amplifier, seed + 1);

function weightsOf(names: NamedShapes, seed: number): Weights {
  return formulaWeights(
    names.map(([name, shape]) => ({ name, shape })),
    seed,
  );
}
