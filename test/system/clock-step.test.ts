import { describe, expect, it } from "vitest";
import { clockStep, ClockWatch } from "../../src/system/clock-step.ts";

const HOUR_MS = 3_600_000;
const reading = (wallMs: number, monotonicMs: number) => ({ wallMs, monotonicMs });

describe("clockStep", () => {
  it("finds steps forth and back, of any size", () => {
    for (const stepMs of [HOUR_MS, -HOUR_MS, -1.7e12, 3.8e11, 300, -300])
      expect(clockStep(reading(1.7e12, 5000), reading(1.7e12 + 1000 + stepMs, 6000))).toBeCloseTo(stepMs, 3);
  });

  it("takes a clock that runs, that NTP slews (500 ppm), or that is read a little late, for none", () => {
    expect(clockStep(reading(0, 0), reading(1000, 1000))).toBeNull();
    expect(clockStep(reading(0, 0), reading(1200, 1000))).toBeNull();
    for (const hours of [1, 24, 240]) {
      const elapsed = hours * HOUR_MS;
      expect(clockStep(reading(0, 0), reading(elapsed * 1.0005, elapsed))).toBeNull();
      expect(clockStep(reading(0, 0), reading(elapsed * 0.9995, elapsed))).toBeNull();
    }
  });
});

describe("ClockWatch", () => {
  it("tells each step once, and knows how long the clock was steady", () => {
    let now = reading(1e12, 0);
    const watch = new ClockWatch(() => now);
    const pass = (ms: number, stepMs = 0): number | null => {
      now = reading(now.wallMs + ms + stepMs, now.monotonicMs + ms);
      return watch.check();
    };
    expect(pass(1000)).toBeNull();
    expect(watch.steadyMs).toBe(1000);
    expect(pass(1000, -HOUR_MS)).toBe(-HOUR_MS);
    expect(watch.steadyMs).toBe(0);
    expect(pass(1000)).toBeNull();
    expect(watch.steadyMs).toBe(1000);
  });
});
