import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapName } from "../../../../src/methods/aand/fused/fused-network.ts";
import { fuse, type Fusion, fusionWords, type Spread } from "../../../../src/methods/aand/fused/fusion.ts";

const spreadsOf = (spreads: Partial<Record<MapName, Spread>>): ReadonlyMap<MapName, Spread> =>
  new Map(Object.entries(spreads) as [MapName, Spread][]);

const COUNT = 400;

/** Values of this mean and (sample) deviation. */
function values(mean: number, deviation: number): number[] {
  const away = deviation * Math.sqrt((COUNT - 1) / COUNT);
  return Array.from({ length: COUNT }, (_, at) => mean + (at % 2 === 0 ? away : -away));
}
const good = (normals: readonly number[]): Spread => ({
  normals,
  anomalies: normals.map((value) => value + 1),
});

const trustOf = (spreads: Partial<Record<MapName, Spread>>, name: MapName): number =>
  fuse(spreadsOf(spreads), "measured").trust.get(name)!;

const isFinite = ({ scales, offset, trust }: Fusion): boolean =>
  [offset, ...scales.values(), ...trust.values()].every(Number.isFinite);

describe("fuse", () => {
  it("brings the highest values of good parts to mean 0 and deviation 1, map by map", () => {
    const { scales, offset } = fuse(spreadsOf({ distance: good(values(4, 2)) }), "full");
    expect(scales.get("distance")).toBeCloseTo(0.5, 9);
    expect(offset).toBeCloseTo(-2, 9);
    const both = { distance: good(values(4, 2)), nearest: good(values(0.5, 0.1)) };
    const fused = fuse(spreadsOf(both), "full");
    expect(4 * fused.scales.get("distance")! + 0.5 * fused.scales.get("nearest")! + fused.offset).toBeCloseTo(
      0,
      9,
    );
  });

  it("trusts the gate by the room between good parts and 1, in deviations: 1 is none, 4 is full", () => {
    const gate = (mean: number): number =>
      trustOf({ gate: good(values(mean, 0.1)), nearest: student(0.9) }, "gate");
    expect([gate(0.95), gate(0.9), gate(0.2)]).toEqual([0, expect.closeTo(0, 9), 1]);
    expect(gate(0.75)).toBeCloseTo(0.5, 9);
  });

  it("counts of wide areas what exceeds the mean of good parts, twice, by the room that is left", () => {
    const fused = fuse(spreadsOf({ wide: good(values(0.2, 0.1)), distance: student(0.9) }), "measured");
    expect(fused.wideFloor).toBeCloseTo(0.2, 9);
    expect(fused.scales.get("wide")).toBeCloseTo(20, 6);
    expect(fused.offset).toBeCloseTo(-10, 6); // of the student alone
    const little = fuse(spreadsOf({ wide: good(values(0.75, 0.1)), distance: student(0.9) }), "measured");
    expect(little.trust.get("wide")).toBeCloseTo(0.5, 9);
    expect(fuse(spreadsOf({ distance: student(0.9) }), "measured").wideFloor).toBeNull();
  });

  it("does not ask the gate's anomalies, which it has learned", () => {
    const normals = values(0.75, 0.1);
    const asked = [normals, values(0.9, 0.1), []].map((anomalies) =>
      trustOf({ gate: { normals, anomalies }, nearest: student(0.9) }, "gate"),
    );
    expect(new Set(asked).size).toBe(1);
  });

  const student = (share: number): Spread => ({
    normals: values(1, 0.1),
    anomalies: Array.from({ length: COUNT }, (_, at) => (at < share * COUNT ? 2 : 0)),
  });

  it("counts the bank by the squared ratio of d' where the student tells anomalies better", () => {
    // AUROC .75 and 1 (counted as .995): Φ⁻¹ .6744898 and 2.5758293 (scipy.stats.norm.ppf)
    const spreads = { distance: student(1), nearest: student(0.75) };
    expect(trustOf(spreads, "nearest")).toBeCloseTo((0.6744898 / 2.5758293) ** 2, 4);
    expect(trustOf(spreads, "distance")).toBe(1);
  });

  it("counts both in full where the bank is as good or better, where both are certain, and where there are no anomalies", () => {
    for (const [ofStudent, ofBank] of [
      [0.75, 1],
      [0.8, 0.8],
      [1, 1],
    ] as const) {
      const spreads = { distance: student(ofStudent), nearest: student(ofBank) };
      expect([trustOf(spreads, "distance"), trustOf(spreads, "nearest")]).toEqual([1, 1]);
    }
    const normals = values(1, 0.1);
    const none = { normals, anomalies: [] };
    expect(trustOf({ distance: none, nearest: none }, "nearest")).toBe(1);
  });

  it("leaves a bank out that tells nothing where the student does", () => {
    expect(trustOf({ distance: student(0.9), nearest: student(0.3) }, "nearest")).toBeCloseTo(0, 9);
  });

  it("counts a map that is alone in full, else a gate without room would judge every part alike", () => {
    const { scales, trust } = fuse(spreadsOf({ gate: good(values(0.99, 0.1)) }), "measured");
    expect([trust.get("gate"), scales.get("gate")]).toEqual([1, expect.closeTo(10, 9)]);
  });

  it("counts every map in full where it is told to", () => {
    const spreads = { gate: good(values(0.99, 0.1)), distance: student(1), nearest: student(0.6) };
    expect([...fuse(spreadsOf(spreads), "full").trust.values()]).toEqual([1, 1, 1]);
  });

  it("stays finite, and takes no deviation for less than 1 % of the mean, for one part, for parts that are alike and for a map of nothing", () => {
    for (const normals of [[0.5], [0.5, 0.5, 0.5], [0.49999, 0.50001]]) {
      const fused = fuse(spreadsOf({ gate: good(normals), nearest: good(normals) }), "measured");
      expect(isFinite(fused)).toBe(true);
      expect(fused.scales.get("nearest")).toBeLessThanOrEqual(1 / (0.01 * 0.5));
    }
    expect(isFinite(fuse(spreadsOf({ distance: { normals: [0, 0], anomalies: [0] } }), "measured"))).toBe(
      true,
    );
  });

  const list = fc.array(fc.double({ noNaN: true, min: 0.1, max: 10 }), { minLength: 2, maxLength: 20 });
  const spread = fc.record({ normals: list, anomalies: list });

  it("is the same score whatever the units of student and bank, and whatever the order of parts", () => {
    const scale = fc.double({ noNaN: true, min: 0.1, max: 100 });
    fc.assert(
      fc.property(spread, spread, scale, (distance, nearest, factor) => {
        const here = fuse(spreadsOf({ distance, nearest }), "measured");
        const scaled = (all: readonly number[]): number[] => all.map((value) => factor * value).toReversed();
        const other = { normals: scaled(nearest.normals), anomalies: scaled(nearest.anomalies) };
        const there = fuse(spreadsOf({ distance, nearest: other }), "measured");
        const ratio = (there.scales.get("nearest")! * factor) / here.scales.get("nearest")!;
        if (here.trust.get("nearest")! > 0) expect(ratio).toBeCloseTo(1, 6);
        expect(there.offset).toBeCloseTo(here.offset, 6);
        expect(there.trust.get("nearest")).toBeCloseTo(here.trust.get("nearest")!, 9);
      }),
      { seed: 6 },
    );
  });

  it("keeps the order of the maps, which decides nothing; trust is 0..1 and scales are never negative", () => {
    fc.assert(
      fc.property(spread, spread, spread, (gate, distance, nearest) => {
        const fused = fuse(spreadsOf({ gate, distance, nearest }), "measured");
        const turned = fuse(spreadsOf({ nearest, distance, gate }), "measured");
        expect([...fused.scales.keys()]).toEqual(["gate", "distance", "nearest"]);
        expect(Object.fromEntries(turned.scales)).toEqual(Object.fromEntries(fused.scales));
        expect(turned.offset).toBeCloseTo(fused.offset, 9);
        for (const trust of fused.trust.values()) expect(trust >= 0 && trust <= 1).toBe(true);
        for (const scale of fused.scales.values()) expect(scale).toBeGreaterThanOrEqual(0);
      }),
      { seed: 7 },
    );
  });

  it("says what is trusted", () => {
    const spreads = { gate: good(values(0.75, 0.1)), distance: student(1), nearest: student(0.75) };
    expect(fusionWords(fuse(spreadsOf(spreads), "measured"))).toBe(
      "trusted, from good parts alone: gate 50 %, student 100 %, bank 7 %",
    );
  });
});
