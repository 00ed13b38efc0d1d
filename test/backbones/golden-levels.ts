import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { OnnxSession } from "../../src/onnx/session.ts";
import { formulaPicture } from "./formula-picture.ts";

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

/** Runs the picture and compares every sampled value, relative to the standard deviation of its level. */
export async function expectGoldenLevels(
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
