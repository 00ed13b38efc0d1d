import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentTimes } from "../../src/inspection/line-times.ts";

describe("times of the newest parts", () => {
  it("has none before the first part, nor after a reset", () => {
    const times = new RecentTimes();
    times.add(4);
    times.clear();
    expect(times.summary).toEqual({ minMs: null, meanMs: null, p95Ms: null, maxMs: null });
  });

  it("forgets all but the newest 1,000", () => {
    const times = new RecentTimes();
    for (let ms = 1; ms <= 1500; ms += 1) times.add(ms);
    expect(times.summary).toEqual({ minMs: 501, meanMs: 1000.5, p95Ms: 1450, maxMs: 1500 });
  });

  it("keeps its numbers in order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1 }), (all) => {
        const times = new RecentTimes();
        for (const ms of all) times.add(ms);
        const { minMs, meanMs, p95Ms, maxMs } = times.summary;
        expect(minMs).toBe(Math.min(...all));
        expect(maxMs).toBe(Math.max(...all));
        expect(all).toContain(p95Ms);
        expect(meanMs).toBeGreaterThanOrEqual((minMs ?? 0) - 1e-9);
        expect(all.filter((ms) => ms <= (p95Ms ?? 0)).length).toBeGreaterThanOrEqual(0.95 * all.length);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
