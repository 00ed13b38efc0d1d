import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencyHistogram } from "../../src/reports/latency-histogram.ts";

test("quantiles are within 1 % above those of the sorted values, the maximum is exact", () => {
  const ms = fc.double({ min: 0.01, max: 60_000, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * values.length)) - 1]!;
        const found = histogram.quantile(share)!;
        expect(found).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
        expect(found).toBeLessThanOrEqual(exact * 1.0101);
        expect(histogram.maxMs).toBe(sorted.at(-1));
      },
    ),
    { seed: 4, numRuns: 300 },
  );
});

test("says nothing of nothing", () => {
  const histogram = new LatencyHistogram();
  expect([histogram.quantile(0.5), histogram.maxMs, histogram.count]).toEqual([null, null, 0]);
});
