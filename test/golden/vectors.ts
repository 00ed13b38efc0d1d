import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "vitest";

/** Folder of the golden vectors: ASSAYD_GOLDEN_DIR, else the one next to the checkout. */
const FOLDER = resolve(process.env.ASSAYD_GOLDEN_DIR ?? "../shared/golden");

/** Why golden tests are skipped, or null if the vectors are there. */
export function missingGolden(file: string): string | null {
  return existsSync(join(FOLDER, file)) ? null : `no golden vectors here (${file}); set ASSAYD_GOLDEN_DIR`;
}

/** The parsed file; the caller names its form. */
export function readGolden(file: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
}

/** A large array of which some values are stated. */
export interface Sampled {
  readonly shape: readonly number[];
  readonly index: readonly number[];
  readonly value: readonly number[];
  readonly mean: number;
  readonly max: number;
}

/** Each stated value, the mean and the highest agree to `tolerance`, relative to the highest magnitude stated. */
export function expectSampled(actual: Float32Array, golden: Sampled, tolerance = 1e-5): void {
  expect(actual.length).toBe(golden.shape.reduce((product, size) => product * size, 1));
  const scale = Math.max(...golden.value.map(Math.abs));
  const difference = golden.index.reduce(
    (largest, at, i) => Math.max(largest, Math.abs(actual[at]! - golden.value[i]!)),
    0,
  );
  expect(difference / scale).toBeLessThan(tolerance);
  const mean = actual.reduce((total, value) => total + value, 0) / actual.length;
  expect(Math.abs(mean - golden.mean) / scale).toBeLessThan(tolerance);
  const highest = actual.reduce((a, b) => Math.max(a, b), -Infinity);
  expect(Math.abs(highest - golden.max) / scale).toBeLessThan(tolerance);
}
