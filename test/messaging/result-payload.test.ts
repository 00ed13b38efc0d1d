import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Region } from "../../src/domain/inspection.ts";
import { isoMicros, resultPayload } from "../../src/messaging/result-payload.ts";
import { resultSchema } from "../../src/messaging/schemas/camera.ts";
import { CONTEXT, inspectionOf } from "./plant.ts";

const regionOf = (score: number): Region => ({ x: 0.123456789, y: 0.2, w: 0.1, h: 0.1, score, area: 0.01 });

describe("resultPayload", () => {
  it("says an inspection in the words of the interface", () => {
    const result = resultPayload(
      inspectionOf(7, { verdict: "NG", action: "reject", score: 0.7, regions: [regionOf(0.7)] }),
      CONTEXT,
    );
    expect(result).toMatchObject({
      schema: "1.0",
      seq: 7,
      verdict: "NG",
      action: "reject",
      score: 0.7,
      threshold: 0.5,
      regions: [{ x: 0.1235, score: 0.7 }],
      times: {
        trigger_ts: "2025-10-09T08:53:20.000250Z",
        capture_ts: "2025-10-09T08:53:20.010500Z",
        infer_ms: 25,
        late: false,
      },
      recipe: { id: "default" },
      model: { id: "bundle-1", hash: "abc" },
      simulated: true,
      historical: false,
    });
    expect(resultSchema.parse(result)).toEqual(result);
  });

  it("keeps the strongest regions, at most 16", () => {
    const regions = Array.from({ length: 40 }, (_, index) => regionOf(index / 40));
    const scores =
      resultPayload(inspectionOf(1, { regions }), CONTEXT).regions?.map(({ score }) => score) ?? [];
    expect(scores.length).toBeGreaterThan(0);
    expect(scores.length).toBeLessThanOrEqual(16);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores[0]).toBe(39 / 40);
  });

  it("is a valid result of at most 2 kB whatever the inspection holds", () => {
    const number = fc.oneof(fc.double(), fc.constant(NaN), fc.constant(Infinity));
    fc.assert(
      fc.property(
        number,
        fc.string({ maxLength: 5000 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
        (score, detail, scores) => {
          const inspection = inspectionOf(1, {
            score,
            threshold: -score,
            detail,
            regions: scores.map(regionOf),
          });
          const result = resultPayload(inspection, {
            ...CONTEXT,
            images: { heatmap: { topic: "x".repeat(300) } },
          });
          expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(2048);
          expect(resultSchema.safeParse(JSON.parse(JSON.stringify(result))).success).toBe(true);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it("gives microseconds", () => {
    expect(isoMicros(0)).toBe("1970-01-01T00:00:00.000000Z");
    expect(isoMicros(1.5)).toBe("1970-01-01T00:00:00.001500Z");
  });
});
