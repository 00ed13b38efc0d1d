import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHalf, encodeHalf } from "../../src/training/float16.ts";

describe("float16", () => {
  it("gives back the bits of all 65,536 codes (a NaN as some NaN)", () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < 65536; bits += 1) {
      const value = decodeHalf(bits);
      if (Number.isNaN(value) ? !Number.isNaN(decodeHalf(encodeHalf(value))) : encodeHalf(value) !== bits)
        wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    // IEEE 754-2019 binary16
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [1e30, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // a tie: to even
    [1.5 * 2 ** -24, 0x0002], // a tie: to even
    [2.5 * 2 ** -24, 0x0002], // a tie: to even
    [1 / 3, 0x3555],
    [1 + 2 ** -11, 0x3c00], // a tie: to even
    [1 + 3 * 2 ** -11, 0x3c02], // a tie: to even
  ])("encodes %d as its nearest half", (value, bits) => {
    expect(encodeHalf(value)).toBe(bits);
  });

  it("is never further off than half a step, and keeps the order", () => {
    const number = fc.float({ noNaN: true, min: -65504, max: 65504 });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const half = decodeHalf(encodeHalf(a));
        expect(Math.abs(half - a)).toBeLessThanOrEqual(Math.max(Math.abs(a) * 2 ** -11, 2 ** -25));
        const [low, high] = [decodeHalf(encodeHalf(Math.min(a, b))), decodeHalf(encodeHalf(Math.max(a, b)))];
        expect(low).toBeLessThanOrEqual(high);
      }),
      { seed: 6, numRuns: 2000 },
    );
  });
});
