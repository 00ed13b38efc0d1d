import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncoderPosition, type EncoderOptions } from "../../../src/plc/reject/encoder-position.ts";

function createEncoder(options: Partial<EncoderOptions> = {}): EncoderPosition {
  return new EncoderPosition({
    modulus: 65_536,
    jumpCounts: 1000,
    maxCountsPerSecond: null,
    staleMs: 500,
    ...options,
  });
}

describe("the position that an encoder reports", () => {
  it("is unknown before the first report and after too long a silence", () => {
    const encoder = createEncoder();
    expect(encoder.at(0)).toBeNull();
    expect(encoder.blindFrom).toBeNull();
    expect(encoder.report(100, 10)).toBe("first");
    expect(encoder.at(500)).toBe(100);
    expect(encoder.blindFrom).toBe(510);
    expect(encoder.at(510)).toBeNull();
    expect(encoder.reported(510)).toBeNull();
  });

  it("is extrapolated by the speed, and says when it will be somewhere", () => {
    const encoder = createEncoder();
    encoder.report(0, 0);
    encoder.report(20, 10);
    expect(encoder.at(15)).toBe(30);
    expect(encoder.reported(15)).toBe(20);
    expect(encoder.whenAt(40)).toBe(20);
    expect(encoder.whenAt(10)).toBeNull();
    expect(encoder.direction).toBe(1);
  });

  it("stands and turns back at once", () => {
    const encoder = createEncoder();
    for (const [counts, at] of [
      [0, 0],
      [20, 10],
      [40, 20],
      [40, 30],
    ] as const)
      encoder.report(counts, at);
    expect([encoder.at(100), encoder.direction, encoder.whenAt(50)]).toEqual([40, 0, null]);
    encoder.report(30, 40);
    expect([encoder.at(50), encoder.direction]).toEqual([20, -1]);
  });

  it("goes on over the end of the counter, both ways, whatever the steps", () => {
    const isRight = fc.property(
      fc.integer({ min: 0, max: 65_535 }),
      fc.array(fc.integer({ min: -900, max: 900 })),
      (first, steps) => {
        const encoder = createEncoder();
        encoder.report(first, 0);
        let truth = first;
        for (const [index, step] of steps.entries()) {
          truth += step;
          if (encoder.report(((truth % 65_536) + 65_536) % 65_536, index + 1) !== "moved") return false;
        }
        return encoder.reported(steps.length) === truth;
      },
    );
    expect(fc.check(isRight, { numRuns: 500, seed: 5 }).counterexample).toBeNull();
  });

  it("leaps if it moves more than it may, by distance or by the conveyor's speed", () => {
    const byDistance = createEncoder();
    byDistance.report(5000, 0);
    expect(byDistance.report(0, 10)).toBe("jump");
    expect(byDistance.at(11)).toBe(0);
    const bySpeed = createEncoder({ maxCountsPerSecond: 1000 });
    bySpeed.report(0, 0);
    expect(bySpeed.report(100, 100)).toBe("moved");
    expect(bySpeed.report(300, 200)).toBe("jump");
    expect(bySpeed.report(1300, 1300)).toBe("moved");
  });

  it("leaves out reports out of order", () => {
    const encoder = createEncoder();
    encoder.report(10, 10);
    expect(encoder.report(500, 5)).toBe("moved");
    expect(encoder.at(10)).toBe(10);
  });
});
