import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrate, clopperPearson, quantileOf } from "../../src/training/calibrate.ts";

describe("quantileOf", () => {
  it("interpolates between order statistics as numpy does by default", () => {
    const values = [7, 1, 3, 10];
    expect(quantileOf(values, 0)).toBe(1);
    expect(quantileOf(values, 1)).toBe(10);
    expect(quantileOf(values, 0.5)).toBe(5);
    expect(quantileOf(values, 0.9)).toBeCloseTo(9.1, 12); // numpy.quantile([7, 1, 3, 10], 0.9)
    expect(values).toEqual([7, 1, 3, 10]);
  });

  it("stays within the values and never falls as the quantile rises", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 40 });
    const share = fc.double({ noNaN: true, min: 0, max: 1 });
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const [low, high] = [quantileOf(list, Math.min(a, b)), quantileOf(list, Math.max(a, b))];
        expect(high).toBeGreaterThanOrEqual(low - 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
      }),
      { seed: 3 },
    );
  });
});

describe("clopperPearson", () => {
  it.each([
    // closed forms for none and all: 1 − 0.025^(1/n); the rest from scipy.stats.binomtest(k, n).proportion_ci("exact")
    [0, 10, 0, 1 - 0.025 ** (1 / 10)],
    [0, 30, 0, 1 - 0.025 ** (1 / 30)],
    [10, 10, 0.025 ** (1 / 10), 1],
    [1, 10, 0.002528578544, 0.4450161027],
    [5, 10, 0.1870860284, 0.8129139716],
    [2, 100, 0.0024313368, 0.0703839324],
  ])("of %i in %i is the exact interval", (successes, trials, low, high) => {
    const interval = clopperPearson(successes, trials, 0.95);
    expect(interval.low).toBeCloseTo(low, 7);
    expect(interval.high).toBeCloseTo(high, 7);
  });

  it("always holds the observed share, and mirrors itself", () => {
    const counts = fc
      .integer({ min: 1, max: 400 })
      .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const { low, high } = clopperPearson(successes, trials, 0.95);
        expect(low).toBeLessThanOrEqual(successes / trials);
        expect(high).toBeGreaterThanOrEqual(successes / trials);
        const mirrored = clopperPearson(trials - successes, trials, 0.95);
        expect(mirrored.low).toBeCloseTo(1 - high, 9);
        expect(mirrored.high).toBeCloseTo(1 - low, 9);
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

describe("calibrate", () => {
  it("puts the threshold above every held-out good part by the factor, in deviations from their mean", () => {
    const scores = [1, 2, 3, 4, 5];
    const { mean, deviation, threshold, heldOut, falseRejectRate } = calibrate(scores, 1, 1.1);
    expect(mean).toBe(3);
    expect(deviation).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(threshold).toBeCloseTo((1.1 * 2) / Math.sqrt(2.5), 12);
    expect(heldOut).toBe(5);
    expect(falseRejectRate.low).toBe(0);
    expect(falseRejectRate.high).toBeCloseTo(1 - 0.025 ** (1 / 5), 9);
  });

  it("does not divide by nothing when all scores are equal", () => {
    const calibration = calibrate([0.25, 0.25, 0.25], 1, 1.1);
    expect(
      Object.values(calibration).flatMap((value) => (typeof value === "number" ? [value] : [])),
    ).toSatisfy((values: number[]) => values.every(Number.isFinite));
    expect(calibration.threshold).toBeCloseTo(1.1, 12);
  });

  it.each([[[]], [[1]], [[1, NaN]], [[1, Infinity, 2]]])("refuses %j in words", (scores) => {
    expect(() => calibrate(scores, 1, 1.1)).toThrow(expect.objectContaining({ code: "calibration" }));
  });

  it("gives the same threshold for scores on another scale", () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 10 }), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0.5, max: 50 }), (scores, scale) => {
        fc.pre(Math.max(...scores) - Math.min(...scores) > 0.01);
        const here = calibrate(scores, 0.95, 1.1).threshold;
        expect(
          calibrate(
            scores.map((score) => scale * score + 3),
            0.95,
            1.1,
          ).threshold,
        ).toBeCloseTo(here, 6);
      }),
      { seed: 5 },
    );
  });
});

describe("the limit of few good parts", () => {
  /** Scores of mean 0 and deviation 1, all at ±1. */
  const even = (count: number): number[] => {
    const away = Math.sqrt((count - 1) / count);
    return Array.from({ length: count }, (_, at) => (at % 2 === 0 ? away : -away));
  };
  const thresholdOf = (scores: readonly number[], quantile: number) =>
    calibrate(scores, quantile, 1).threshold;

  it("is at least Gumbel's quantile where fewer than 5 lie above it", () => {
    // −(√6/π) · (γ + ln(−ln q))
    expect(thresholdOf(even(40), 0.9)).toBeCloseTo(1.304551, 5);
    expect(thresholdOf(even(40), 0.98)).toBeCloseTo(2.592276, 5);
    expect(thresholdOf(even(400), 0.99)).toBeCloseTo(3.136668, 5);
  });

  it("is counted where 5 or more lie above it", () => {
    expect(thresholdOf(even(400), 0.98)).toBe(1); // never below one deviation
    const scores = Array.from({ length: 500 }, (_, at) => (at % 50 === 0 ? 4 : Math.sin(at)));
    const { mean, deviation, threshold } = calibrate(scores, 0.985, 1);
    expect(threshold).toBeCloseTo((4 - mean) / deviation, 9);
    expect(threshold).toBeGreaterThan(2.6);
  });

  it("is counted where more of the few lie far out than Gumbel has it, and is the highest at quantile 1", () => {
    const scores = [...even(46), 6, 6, 6];
    const { mean, deviation, threshold } = calibrate(scores, 0.98, 1);
    expect(threshold).toBeCloseTo((6 - mean) / deviation, 9);
    expect(threshold).toBeGreaterThan(2.6);
    expect(thresholdOf([1, 2, 3, 4, 5], 1)).toBeCloseTo(2 / Math.sqrt(2.5), 9);
  });

  it("never falls as the quantile rises, across the change from counting to Gumbel", () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 10 }), { minLength: 2, maxLength: 300 });
    const share = fc.double({ noNaN: true, min: 0.5, max: 0.999 });
    fc.assert(
      fc.property(values, share, share, (scores, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((quantile) => thresholdOf(scores, quantile));
        expect(high).toBeGreaterThanOrEqual(low! - 1e-9);
      }),
      { seed: 8 },
    );
  });
});

describe("the stated false-reject rate", () => {
  /** `count` scores of which `high` lie above the limit that the quantile gives. */
  const statedFor = (count: number, quantile: number) =>
    calibrate(
      Array.from({ length: count }, (_, at) => -Math.log(1 - (at + 0.5) / count)),
      quantile,
      1,
    ).falseRejectRate;

  it("reaches down to none where few were rejected: none of the next as many may be", () => {
    const { low, high } = statedFor(152, 0.98);
    expect(low).toBe(0);
    expect(high).toBeLessThan(0.08);
  });

  it("is a narrow band around the quantile where many were", () => {
    const { low, high } = statedFor(2000, 0.95);
    expect(low).toBeGreaterThan(0.03);
    expect(low).toBeLessThan(0.045);
    expect(high).toBeGreaterThan(0.05);
    expect(high).toBeLessThan(0.065);
  });

  it("holds for thousands of rejects, where the chance of none is less than a number can be", () => {
    const scores = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? -1 : 1) * (1 + (at >> 1)));
    const { low } = calibrate(scores, 0.98, 1e-9).falseRejectRate; // 1000 of 2000
    expect(low).toBeCloseTo(938 / 2000, 12); // summed with 60 digits (Python's decimal)
  });
});
