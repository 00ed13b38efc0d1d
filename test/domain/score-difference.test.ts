import { describe, expect, it } from "vitest";
import { scoreDifference } from "../../src/domain/score-difference.ts";

describe("scoreDifference", () => {
  it("is the distance within one deviation of the mean, and a share of the expected score beyond", () => {
    expect(scoreDifference(0.25, 0.5)).toBe(0.25);
    expect(scoreDifference(-1, -0.5)).toBe(0.5);
    expect(scoreDifference(-80, -80.08)).toBeCloseTo(0.001, 9);
    expect(scoreDifference(4, 3)).toBe(0.25);
  });

  it("passes no limit where a value is not finite", () => {
    for (const [expected, actual] of [
      [NaN, 0],
      [0, NaN],
      [Infinity, Infinity],
      [Infinity, 1],
      [1, -Infinity],
    ] as const)
      expect(scoreDifference(expected, actual) <= 1e9).toBe(false);
  });
});
