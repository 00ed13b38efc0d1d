import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freeRunning } from "../../../src/inspection/triggers/free-running.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("freeRunning", () => {
  it("does not drift: 70 parts a second stay 4,200 a minute, each at its own moment", async () => {
    const moments: number[] = [];
    const start = performance.now();
    const trigger = freeRunning(
      70,
      () => moments.push(performance.now() - start),
      () => performance.now(),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    trigger.stop();
    expect(moments.length).toBeGreaterThanOrEqual(4199);
    expect(moments.length).toBeLessThanOrEqual(4200);
    for (const [index, moment] of moments.entries()) {
      expect(Math.abs(moment - ((index + 1) * 1000) / 70)).toBeLessThanOrEqual(2);
    }
  });

  it("fires the moments that it overslept, so that every part counts", async () => {
    let mono = 0;
    const fired: number[] = [];
    const trigger = freeRunning(
      10,
      () => fired.push(mono),
      () => mono,
    );
    mono = 100;
    await vi.advanceTimersByTimeAsync(100);
    expect(fired).toEqual([100]);
    mono = 750; // the loop was held up for 650 ms
    await vi.advanceTimersByTimeAsync(100);
    expect(fired).toEqual([100, 750, 750, 750, 750, 750, 750]);
    mono = 800;
    await vi.advanceTimersByTimeAsync(50);
    expect(fired).toHaveLength(8);
    trigger.stop();
  });

  it("fires no more after it was stopped", async () => {
    let fired = 0;
    const trigger = freeRunning(
      100,
      () => (fired += 1),
      () => performance.now(),
    );
    await vi.advanceTimersByTimeAsync(55);
    trigger.stop();
    const before = fired;
    await vi.advanceTimersByTimeAsync(1000);
    expect(before).toBe(5);
    expect(fired).toBe(before);
  });
});
