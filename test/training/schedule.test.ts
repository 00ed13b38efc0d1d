import { describe, expect, it } from "vitest";
import { learningRateAt } from "../../src/training/schedule.ts";

describe("learningRateAt", () => {
  it("falls to a fifth at 80 % of the steps and to a fifth of that at 90 %", () => {
    const rates = [...Array(100).keys()].map((step) => learningRateAt(step, 100, 5));
    expect(rates.slice(0, 80).every((rate) => rate === 5)).toBe(true);
    expect(rates.slice(80, 90).every((rate) => rate === 1)).toBe(true);
    expect(rates.slice(90).every((rate) => Math.abs(rate - 0.2) < 1e-12)).toBe(true);
  });
});
