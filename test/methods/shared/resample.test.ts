import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { averageMatrix, resampleMatrix } from "../../../src/methods/shared/resample.ts";

describe("resampleMatrix", () => {
  it("has rows that sum to 1 for any sizes and blur", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 9, noNaN: true }),
        (to, from, sigma) => {
          const { shape, data } = resampleMatrix(to, from, sigma);
          expect(shape).toEqual([to, from]);
          for (let row = 0; row < to; row++) {
            const sum = data
              .subarray(row * from, (row + 1) * from)
              .reduce((total, value) => total + value, 0);
            expect(sum).toBeCloseTo(1, 5);
          }
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  it("without blur maps first to first and last to last, as align_corners does", () => {
    const { data } = resampleMatrix(5, 3, 0);
    expect([...data]).toEqual([1, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 0, 1]);
  });

  it("blurs with scipy's reflected border: the first row of size 4, sigma 0.5", () => {
    const taps = [Math.exp(-8), Math.exp(-2), 1, Math.exp(-2), Math.exp(-8)];
    const sum = taps.reduce((total, tap) => total + tap, 0);
    const row = [...resampleMatrix(4, 4, 0.5).data.subarray(0, 4)];
    const expected = [taps[2]! + taps[1]!, taps[3]! + taps[0]!, taps[4]!, 0].map((value) => value / sum);
    for (const [at, value] of row.entries()) expect(value).toBeCloseTo(expected[at]!, 6);
  });
});

describe("averageMatrix", () => {
  it("takes means of equal parts, cut where they do not fit", () => {
    expect([...averageMatrix(2, 4).data]).toEqual([0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
    const third = 2 / 3;
    const expected = [third, 1 - third, 0, 0, 1 - third, third];
    for (const [at, value] of averageMatrix(2, 3).data.entries()) expect(value).toBeCloseTo(expected[at]!, 6);
    expect([...averageMatrix(4, 2).data]).toEqual([1, 0, 1, 0, 0, 1, 0, 1]);
  });

  it("has rows that sum to 1, and keeps the mean of what it averages", () => {
    const side = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(side, side, (to, from) => {
        const { data } = averageMatrix(to, from);
        const columns = new Float64Array(from);
        for (let row = 0; row < to; row++) {
          let sum = 0;
          for (let at = 0; at < from; at++) {
            sum += data[row * from + at]!;
            columns[at] = columns[at]! + data[row * from + at]!;
          }
          expect(sum).toBeCloseTo(1, 5);
        }
        for (const share of columns) expect(share).toBeCloseTo(to / from, 4);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});
