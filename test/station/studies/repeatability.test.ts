import { describe, expect, it } from "vitest";
import { repeatabilityOf } from "../../../src/station/studies/repeatability.ts";

describe("repeatabilityOf", () => {
  it("gives mean, spread and margin of the repeats", () => {
    const study = repeatabilityOf([0.2, 0.22, 0.18, 0.2], ["OK", "OK", "OK", "NG"], 0.3);
    expect(study.mean).toBeCloseTo(0.2, 12);
    expect(study.sigma).toBeCloseTo(Math.sqrt(0.0008 / 3), 12);
    expect(study.marginSigma).toBeCloseTo(-0.1 / Math.sqrt(0.0008 / 3), 9);
    expect(study).toMatchObject({ lowest: 0.18, highest: 0.22, agreement: 0.75 });
  });

  // 5 % quantiles of chi-square from NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.4
  it.each([
    [4, 0.711],
    [9, 3.325],
    [29, 17.708],
    [99, 77.046],
  ])("bounds sigma above by the chi-square of %i degrees of freedom", (freedom, quantile) => {
    const scores = Array.from({ length: freedom + 1 }, (_, at) => at % 2);
    const { sigma, sigmaHigh, guardBand } = repeatabilityOf(scores, [], null);
    expect(Math.abs(sigmaHigh / sigma / Math.sqrt(freedom / quantile) - 1)).toBeLessThan(0.02);
    expect(guardBand).toBe(3 * sigmaHigh);
  });

  it("needs two scores, and gives no margin where nothing strays", () => {
    expect(() => repeatabilityOf([0.1], ["OK"], 0.3)).toThrow(RangeError);
    expect(repeatabilityOf([0.1, 0.1], ["OK", "OK"], 0.3).marginSigma).toBeNull();
  });
});
