import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findRegions, MAX_REGIONS } from "../../../src/inspection/infer/regions.ts";

function mapOf(rows: readonly string[]) {
  const values = Float32Array.from(rows.join(""), (digit) => Number(digit) / 10);
  return { size: { width: rows[0]?.length ?? 0, height: rows.length }, values };
}

describe("findRegions", () => {
  it("joins diagonal neighbours, separates areas, and puts the largest first", () => {
    const regions = findRegions(mapOf(["9000", "0800", "0007", "0000"]), 0.5);
    expect(regions).toHaveLength(2);
    expect(regions[0]).toMatchObject({ x: 0, y: 0, w: 0.5, h: 0.5, area: 2 / 16 });
    expect(regions[0]?.score).toBeCloseTo(0.9);
    expect(regions[1]).toMatchObject({ x: 0.75, y: 0.5, w: 0.25, h: 0.25, area: 1 / 16 });
  });

  it("does not join the right edge to the left edge of the next row", () => {
    expect(findRegions(mapOf(["009", "900"]), 0.5)).toHaveLength(2);
  });

  it("takes a value equal to the threshold, and NaN, as not above it", () => {
    expect(findRegions({ size: { width: 2, height: 1 }, values: Float32Array.of(0.5, NaN) }, 0.5)).toEqual(
      [],
    );
  });

  it("covers every value above the threshold once, and stays inside the picture", () => {
    const maps = fc
      .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 5 }) })
      .chain((size) =>
        fc
          .array(fc.double({ min: 0, max: 1, noNaN: true }), {
            minLength: size.width * size.height,
            maxLength: size.width * size.height,
          })
          .map((values) => ({ size, values: Float32Array.from(values) })),
      );
    fc.assert(
      fc.property(maps, fc.double({ min: 0, max: 1, noNaN: true }), (map, threshold) => {
        const regions = findRegions(map, threshold);
        const above = map.values.filter((value) => value > threshold);
        if (regions.length < MAX_REGIONS) {
          const area = regions.reduce((sum, region) => sum + region.area, 0);
          expect(area * map.values.length).toBeCloseTo(above.length, 6);
        }
        const highest = Math.max(...regions.map((region) => region.score));
        if (regions.length > 0 && regions.length < MAX_REGIONS) expect(highest).toBe(Math.max(...above));
        for (const { x, y, w, h } of regions) {
          expect(x >= 0 && y >= 0 && x + w <= 1 + 1e-9 && y + h <= 1 + 1e-9).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });

  it("reports at most 16 regions", () => {
    const rows = Array.from({ length: 20 }, (_, y) => (y % 2 === 0 ? "9090909090" : "0000000000"));
    expect(findRegions(mapOf(rows), 0.5)).toHaveLength(MAX_REGIONS);
  });
});
