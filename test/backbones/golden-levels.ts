import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Backbone, normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import type { Weights } from "../../src/graph/ops.ts";
import { type OnnxSession, openSession } from "../../src/onnx/session.ts";
import { formulaPicture, formulaWeights } from "./formula-picture.ts";

/** One picture and the features that PyTorch gave, sampled (scripts/golden_formula.py). */
export interface GoldenCase {
  readonly backbone: string;
  readonly height: number;
  readonly width: number;
  readonly seed: number;
  /** How many weights the trunk has, and their numbers that training changes. */
  readonly weights: number;
  readonly parameters: number;
  readonly levels: readonly {
    shape: number[];
    indices: number[];
    values: number[];
    mean: number;
    std: number;
  }[];
}

export function readGoldenCases(file: string): GoldenCase[] {
  return (
    JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8")) as { cases: GoldenCase[] }
  ).cases;
}

/** Names, parameters and features of the golden case's backbone on its formula weights. */
export async function expectFormulaFeatures(golden: GoldenCase): Promise<void> {
  const backbone = backboneByName(golden.backbone);
  const cost = countCost(backbone.features, [{ c: 3, h: golden.height, w: golden.width }]);
  expect(cost.weights).toHaveLength(golden.weights);
  expect(cost.parameters).toBe(golden.parameters);
  expect(cost.weights.every(({ name }) => backbone.owns(name))).toBe(true);
  await expectTeacherFeatures(backbone, formulaWeights(cost.weights, golden.seed), golden);
}

/** The features of the exported teacher, within 1e-4. */
export async function expectTeacherFeatures(
  backbone: Backbone,
  weights: Weights,
  golden: GoldenCase,
): Promise<void> {
  const model = exportOnnx({
    name: backbone.name,
    input: { name: "image", size: golden },
    network: teacherNetwork(backbone),
    outputs: ["f1", "f2", "f3"],
    weights: new Map([...weights, ...normalizationWeights(backbone)]),
  });
  const session = await openSession({ model, providers: ["cpu"], threads: 1 });
  await expectGoldenLevels(session, golden, 1e-4);
  await session.release();
}

/** Runs the picture and compares every sampled value, relative to the standard deviation of its level. */
async function expectGoldenLevels(
  session: OnnxSession,
  golden: GoldenCase,
  tolerance: number,
): Promise<void> {
  const { width, height, seed } = golden;
  const outputs = await session.run({
    image: { dims: [1, height, width, 3], data: formulaPicture({ width, height }, seed) },
  });
  for (const [index, level] of golden.levels.entries()) {
    const { dims = [], data = new Float32Array() } = outputs[`f${index + 1}`] ?? {};
    expect(dims).toEqual([1, ...level.shape]);
    const differences = level.indices.map(
      (at, i) => Math.abs((data[at] ?? NaN) - (level.values[i] ?? NaN)) / level.std,
    );
    expect(Math.max(...differences)).toBeLessThan(tolerance);
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(Math.abs(mean - level.mean) / level.std).toBeLessThan(tolerance);
  }
}
