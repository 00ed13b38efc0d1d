import { describe, expect, it } from "vitest";
import { createRandom, normal } from "../../../../src/graph/random.ts";
import { borderWeight, RingMeans, RINGS, ringsOf } from "../../../../src/methods/shared/bank/border.ts";
import { Candidates } from "../../../../src/methods/shared/bank/candidates.ts";
import { patchFeatures, patchShape } from "../../../../src/methods/shared/bank/patch-features.ts";
import { createPatchReader } from "../../../../src/methods/shared/bank/patch-reader.ts";
import { runTf } from "../../../contract/run-network.ts";

const LEVELS = [
  { level: 1, shape: { c: 3, h: 12, w: 16 } },
  { level: 3, shape: { c: 5, h: 3, w: 4 } },
];
const random = createRandom(3);
const records = LEVELS.map(({ shape: { c, h, w } }) =>
  Float32Array.from({ length: 2 * c * h * w }, () => normal(random)),
);

/** Second picture of the records, channels first. */
const secondPicture = LEVELS.map(({ shape }, level) => {
  const { c, h, w } = shape;
  const data = Float32Array.from(
    { length: c * h * w },
    (_, at) => records[level]![c * h * w + (at % (h * w)) * c + Math.floor(at / (h * w))]!,
  );
  return { shape, data };
});

describe("patch features", () => {
  it("read at one place are those of the network text, border and corners included", () => {
    expect(patchShape(LEVELS)).toEqual({ c: 8, h: 12, w: 16 });
    const [map] = runTf((ops, inputs) => [patchFeatures(ops, inputs)], new Map(), secondPicture);
    const read = createPatchReader(LEVELS);
    const row = new Float32Array(10).fill(9);
    for (let place = 0; place < 12 * 16; place++) {
      read(records, { picture: 1, place }, row, 1);
      for (let channel = 0; channel < 8; channel++)
        expect(row[channel + 1]).toBeCloseTo(map![channel * 192 + place]!, 5);
    }
    expect([row[0], row[9]]).toEqual([9, 9]);
  });

  it("leave a constant map constant", () => {
    const flat = LEVELS.map(({ shape }) => ({
      shape,
      data: new Float32Array(shape.c * shape.h * shape.w).fill(2),
    }));
    const [map] = runTf((ops, inputs) => [patchFeatures(ops, inputs)], new Map(), flat);
    for (const value of map!) expect(value).toBeCloseTo(2, 5);
  });
});

describe("Candidates", () => {
  it("never hold more than their capacity, and every picture has its chance", () => {
    const candidates = new Candidates(LEVELS, 50, createRandom(1));
    for (let picture = 0; picture < 20; picture++)
      candidates.add(LEVELS.map(({ shape: { c, h, w } }) => new Float32Array(c * h * w).fill(picture)));
    const { count, dims, data } = candidates.rows();
    expect([count, dims]).toEqual([50, 8]);
    const pictures = new Set(Array.from({ length: count }, (_, row) => Math.round(data[row * dims]!)));
    expect(pictures.size).toBeGreaterThan(12);
    expect(Math.max(...pictures)).toBeGreaterThan(14);
  });

  it("are all that came while there are few", () => {
    const candidates = new Candidates(LEVELS, 1000, createRandom(1));
    candidates.add(records);
    expect(candidates.rows().count).toBe(2 * 192);
  });
});

describe("border", () => {
  it("counts rings from the border to the inside", () => {
    expect([...ringsOf(3, 5)]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(Math.max(...ringsOf(40, 40))).toBe(RINGS - 1);
  });

  it("damps rings that are louder than the inside, and never amplifies a calm one", () => {
    const { shape, data } = borderWeight([4, 1, 2], 5, 5);
    expect(shape).toEqual([1, 5, 5]);
    expect([data[0], data[6], data[12]]).toEqual([0.5, 1, 1]);
  });

  it("means are by ring over all pictures", () => {
    const means = new RingMeans(3, 3);
    means.add(Float32Array.of(1, 1, 1, 1, 8, 1, 1, 1, 1), null);
    means.add(Float32Array.of(3, 3, 3, 3, 4, 3, 3, 3, 3), null);
    expect(means.means().slice(0, 3)).toEqual([2, 6, null]);
  });

  it("is measured at judged places: where only the border is, its calmest ring is no reason to damp it", () => {
    const means = new RingMeans(5, 5);
    const judged = Uint8Array.from(ringsOf(5, 5), (ring) => (ring < 2 ? 1 : 0));
    const distances = Float32Array.from(ringsOf(5, 5), (ring) => [6, 4, 0.01][ring]!);
    means.add(distances, judged);
    const { data } = borderWeight(means.means(), 5, 5);
    expect([data[0], data[6], data[12]]).toEqual([Math.fround(4 / 6), 1, 1]);
  });
});
