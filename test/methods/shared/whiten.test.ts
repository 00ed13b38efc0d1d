import { describe, expect, it } from "vitest";
import { createRandom, normal } from "../../../src/graph/random.ts";
import {
  createFeatureAccumulator,
  standardization,
  whiteningConvolution,
} from "../../../src/methods/shared/whiten.ts";

const CHANNELS = 5;
const ROWS = 4000;

/** Correlated rows of very different spread around a large mean. */
function correlatedRows(): Float32Array {
  const random = createRandom(3);
  const rows = new Float32Array(ROWS * CHANNELS);
  for (let row = 0; row < ROWS; row++) {
    const shared = normal(random);
    for (let c = 0; c < CHANNELS; c++)
      rows[row * CHANNELS + c] = 100 + c + 10 ** (c / 2 - 1) * (normal(random) + shared);
  }
  return rows;
}

function statisticsOf(rows: Float32Array) {
  const accumulator = createFeatureAccumulator(CHANNELS);
  accumulator.add(rows);
  return accumulator.result();
}

describe("createFeatureAccumulator", () => {
  it("gives the same in one batch as in many, and the mean and covariance of a naive sum", () => {
    const rows = correlatedRows();
    const parts = createFeatureAccumulator(CHANNELS);
    for (let start = 0; start < rows.length; start += 1000 * CHANNELS)
      parts.add(rows.subarray(start, start + 1000 * CHANNELS));
    const [whole, sum] = [statisticsOf(rows), parts.result()];
    expect(sum).toEqual(whole);
    const mean = (value: (row: number) => number): number =>
      Array.from({ length: ROWS }, (_, row) => value(row)).reduce((a, b) => a + b, 0) / ROWS;
    const at = (row: number, c: number): number => rows[row * CHANNELS + c]!;
    expect(whole.mean[4]).toBeCloseTo(
      mean((row) => at(row, 4)),
      8,
    );
    const naive = mean((row) => (at(row, 1) - whole.mean[1]!) * (at(row, 3) - whole.mean[3]!));
    expect(whole.covariance[1 * CHANNELS + 3]).toBeCloseTo(naive, 8);
  });

  it("refuses to speak of fewer than two locations", () => {
    expect(() => createFeatureAccumulator(CHANNELS).result()).toThrow(/at least 2/);
  });
});

describe("whiteningConvolution", () => {
  it("makes features uncorrelated with mean 0; large components get variance about 1, none more", () => {
    const rows = correlatedRows();
    const { weight, bias } = whiteningConvolution(statisticsOf(rows));
    const whitened = new Float32Array(rows.length);
    for (let row = 0; row < ROWS; row++)
      for (let j = 0; j < CHANNELS; j++) {
        let value = bias.data[j]!;
        for (let i = 0; i < CHANNELS; i++)
          value += weight.data[j * CHANNELS + i]! * rows[row * CHANNELS + i]!;
        whitened[row * CHANNELS + j] = value;
      }
    const { mean, covariance } = statisticsOf(whitened);
    for (let i = 0; i < CHANNELS; i++) {
      expect(Math.abs(mean[i]!)).toBeLessThan(0.01);
      expect(covariance[i * CHANNELS + i]).toBeLessThan(1.01);
      for (let j = 0; j < i; j++) expect(Math.abs(covariance[i * CHANNELS + j]!)).toBeLessThan(0.01);
    }
    expect(
      Math.max(...Array.from({ length: CHANNELS }, (_, i) => covariance[i * CHANNELS + i]!)),
    ).toBeGreaterThan(0.97);
  });

  it("stays finite where all features are the same", () => {
    const { weight, bias } = whiteningConvolution(statisticsOf(new Float32Array(20 * CHANNELS).fill(7)));
    expect([...weight.data, ...bias.data].every(Number.isFinite)).toBe(true);
  });
});

describe("standardization", () => {
  it("gives every channel mean 0 and standard deviation 1", () => {
    const rows = correlatedRows();
    const { offset, scale } = standardization(statisticsOf(rows));
    const { mean, covariance } = statisticsOf(
      rows.map((value, at) => (value + offset.data[at % CHANNELS]!) * scale.data[at % CHANNELS]!),
    );
    for (let c = 0; c < CHANNELS; c++) {
      expect(mean[c]).toBeCloseTo(0, 3);
      expect(covariance[c * CHANNELS + c]).toBeCloseTo(1, 3);
    }
  });
});
