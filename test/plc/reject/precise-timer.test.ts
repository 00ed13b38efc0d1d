import { describe, expect, it } from "vitest";
import { PreciseTimer } from "../../../src/plc/reject/precise-timer.ts";
import { FakeClock } from "./fake-clock.ts";

function createTimer() {
  const clock = new FakeClock(10.3);
  const fired: number[] = [];
  const timer = new PreciseTimer(clock, () => fired.push(clock.now()));
  return { clock, fired, timer };
}

describe("a precise timer", () => {
  it("fires once, within a turn of the event loop, though timers come only to the ms", () => {
    const { clock, fired, timer } = createTimer();
    timer.set(123.456);
    clock.runTo(500);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeGreaterThanOrEqual(123.456);
    expect(fired[0]).toBeLessThan(123.456 + 0.06);
    expect(clock.waiting).toBe(0);
  });

  it("can be moved nearer, farther, and taken back", () => {
    const { clock, fired, timer } = createTimer();
    timer.set(300);
    timer.set(100);
    timer.set(200);
    clock.runTo(150);
    expect(fired).toEqual([]);
    clock.runTo(250);
    expect(fired).toHaveLength(1);
    timer.set(300);
    timer.set(null);
    clock.runTo(400);
    expect(fired).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it("fires at once if it is past", () => {
    const { clock, fired, timer } = createTimer();
    timer.set(1);
    clock.runTo(11);
    expect(fired).toHaveLength(1);
  });

  it("sleeps longer than setTimeout can count", () => {
    const { clock, fired, timer } = createTimer();
    timer.set(3_000_000_000);
    clock.runTo(3_000_000_001);
    expect(fired).toHaveLength(1);
  });
});
