import fc from "fast-check";
import { expect, it } from "vitest";
import {
  partPositions,
  reachedMs,
  restlessMotion,
  steadyMotion,
  travelledMm,
  type Motion,
} from "../../../src/plc/simulator/belt.ts";
import { createRandom } from "../../../src/graph/random.ts";

const anyMotion = fc
  .array(fc.record({ lastsMs: fc.integer({ min: 1, max: 3000 }), speed: fc.integer({ min: 0, max: 800 }) }), {
    maxLength: 12,
  })
  .map((stretches): Motion => {
    let fromMs = 0;
    const motion = stretches.map(({ lastsMs, speed }) => {
      const stretch = { fromMs, speedMmPerS: speed };
      fromMs += lastsMs;
      return stretch;
    });
    return [...motion, { fromMs, speedMmPerS: 400 }];
  });

it("runs as far as speed and time say", () => {
  expect(travelledMm(steadyMotion(500), 2000)).toBe(1000);
  const stopAndGo: Motion = [
    { fromMs: 0, speedMmPerS: 100 },
    { fromMs: 1000, speedMmPerS: 0 },
    { fromMs: 3000, speedMmPerS: 200 },
  ];
  expect([500, 1000, 2500, 3000, 4000].map((ms) => travelledMm(stopAndGo, ms))).toEqual([
    50, 100, 100, 100, 300,
  ]);
  expect([0, 50, 100, 101, 300].map((mm) => reachedMs(stopAndGo, mm))).toEqual([0, 500, 1000, 3005, 4000]);
  expect(reachedMs([{ fromMs: 0, speedMmPerS: 0 }], 1)).toBe(Infinity);
});

it("reaches a place at the first moment at which it has run so far, however it stands and goes", () => {
  fc.assert(
    fc.property(anyMotion, fc.double({ min: 0, max: 20_000, noNaN: true }), (motion, mm) => {
      const ms = reachedMs(motion, mm);
      expect(travelledMm(motion, ms)).toBeCloseTo(mm, 6);
      if (ms > 1) expect(travelledMm(motion, ms - 1)).toBeLessThan(mm + 1e-9);
    }),
    { seed: 51, numRuns: 2000 },
  );
});

it("lays parts so that none touches the next, and starts restless belts and parts the same for the same seed", () => {
  const parts = (seed: number): number[] =>
    partPositions({ parts: 500, spacingMm: 20, jitter: 0.4 }, createRandom(seed));
  const gaps = parts(1)
    .slice(1)
    .map((mm, index) => mm - parts(1)[index]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4);
  expect(parts(1)).toEqual(parts(1));
  expect(parts(2)).not.toEqual(parts(1));
  const motion = restlessMotion(500, 60_000, createRandom(3));
  expect(motion).toEqual(restlessMotion(500, 60_000, createRandom(3)));
  expect(motion.some(({ speedMmPerS }) => speedMmPerS === 0)).toBe(true);
  expect(motion.at(-1)).toMatchObject({ speedMmPerS: 500 });
});
