import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/inspection/decide.ts";

describe("decide", () => {
  it("rejects a score above the threshold, passes one equal to it", () => {
    expect(decide(1, { reject: 1, warn: null })).toEqual({ verdict: "OK", action: "pass" });
    expect(decide(1 + 1e-9, { reject: 1, warn: null })).toEqual({ verdict: "NG", action: "reject" });
  });

  it("rejects what is no number: a pass must be proven", () => {
    expect(decide(NaN, { reject: 1, warn: null }).action).toBe("reject");
    expect(decide(0, { reject: NaN, warn: null }).action).toBe("reject");
  });

  it("warns between the thresholds and lets the part pass", () => {
    expect(decide(0.5, { reject: 1, warn: 0.5 })).toEqual({ verdict: "OK", action: "pass" });
    expect(decide(0.7, { reject: 1, warn: 0.5 })).toEqual({ verdict: "WARN", action: "pass" });
    expect(decide(1.1, { reject: 1, warn: 0.5 })).toEqual({ verdict: "NG", action: "reject" });
  });

  it("never gets milder as the score rises", () => {
    const order = ["OK", "WARN", "NG"];
    const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(number, number, number, number, (a, b, reject, below) => {
        const thresholds = { reject, warn: reject - Math.abs(below) };
        const [low, high] = [decide(Math.min(a, b), thresholds), decide(Math.max(a, b), thresholds)];
        expect(order.indexOf(high.verdict)).toBeGreaterThanOrEqual(order.indexOf(low.verdict));
        expect(low.action === "reject").toBe(low.verdict === "NG");
      }),
      { seed: 1 },
    );
  });
});
