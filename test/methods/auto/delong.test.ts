import { describe, expect, it } from "vitest";
import { imageAuroc } from "../../../src/evaluation/auroc.ts";
import { createRandom } from "../../../src/graph/random.ts";
import { compareAurocs, type Scores } from "../../../src/methods/auto/delong.ts";

/** Standard normal numbers by the sum of twelve uniform ones. */
function normalNumbers(count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i += 1) sum += random();
    return sum;
  });
}

/** Two models that see the same of each picture, and each some noise of its own. */
function twoModels(seed: number, edges: readonly [number, number]): readonly [Scores, Scores] {
  const random = createRandom(seed);
  const seen = { normals: normalNumbers(40, random), anomalies: normalNumbers(60, random) };
  const model = (edge: number): Scores => {
    const noisy = (values: readonly number[], shift: number): number[] => {
      const noise = normalNumbers(values.length, random);
      return values.map((value, at) => value + 0.5 * noise[at]! + shift);
    };
    return { normals: noisy(seen.normals, 0), anomalies: noisy(seen.anomalies, edge) };
  };
  return [model(edges[0]), model(edges[1])];
}

describe("compareAurocs", () => {
  it("gives the areas of the exact metric, ties included", () => {
    const scores = { normals: [1, 2, 2, 5], anomalies: [2, 3, 6] };
    const { first, second, standardError } = compareAurocs(scores, scores);
    const exact = imageAuroc([1, 2, 2, 5, 2, 3, 6], [false, false, false, false, true, true, true]);
    expect([first, second]).toEqual([exact, exact]);
    expect(standardError).toBe(0);
  });

  it("says how far the difference strays from one sample to the next", () => {
    const samples = Array.from({ length: 300 }, (_, at) => compareAurocs(...twoModels(at + 1, [1.5, 1])));
    const differences = samples.map(({ first, second }) => first - second);
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    const strayed = Math.sqrt(
      differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1),
    );
    const said = samples.reduce((sum, { standardError }) => sum + standardError, 0) / samples.length;
    expect(said / strayed).toBeGreaterThan(0.85);
    expect(said / strayed).toBeLessThan(1.15);
  });

  it("refuses scores of different pictures", () => {
    const scores = { normals: [1, 2], anomalies: [3, 4] };
    expect(() => compareAurocs(scores, { ...scores, normals: [1] })).toThrow(/same pictures/);
    expect(() => compareAurocs({ ...scores, normals: [1] }, { ...scores, normals: [1] })).toThrow(
      /at least 2/,
    );
  });
});
