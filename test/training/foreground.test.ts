import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { findForeground, scaleForeground } from "../../src/training/foreground.ts";

const SHAPE = { c: 12, h: 16, w: 16 };

/** Features of a ground with a product (another mean) where `isProduct` says so. */
function features(seed: number, isProduct: (x: number, y: number) => boolean): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: SHAPE.c * 256 }, (_, i) => {
    const at = i % 256;
    const channel = Math.floor(i / 256);
    const offset = isProduct(at % 16, Math.floor(at / 16)) ? (channel % 3) - 1 : 0;
    return channel * 10 + 2 * offset + random();
  });
}

const inside = (x: number, y: number): boolean => x >= 4 && x < 12 && y >= 5 && y < 11;

describe("findForeground", () => {
  it("finds the product, grown by one location", () => {
    const { masks, isSplit } = findForeground([features(1, inside), features(2, inside)], SHAPE);
    expect(isSplit).toBe(true);
    for (const mask of masks) {
      const found = (x: number, y: number): number => mask[y * 16 + x]!;
      expect([found(8, 8), found(4, 5), found(3, 8), found(2, 8), found(0, 0), found(15, 15)]).toEqual([
        1, 1, 1, 0, 0, 0,
      ]);
    }
  });

  it("keeps pieces on the product that look like the ground", () => {
    const withHole = (x: number, y: number): boolean => inside(x, y) && !(x === 8 && y === 8);
    const [mask] = findForeground([features(3, withHole), features(4, inside)], SHAPE).masks;
    expect(mask?.[8 * 16 + 8]).toBe(1);
  });

  it("takes everything on textures, on pictures full of product, and without pictures", () => {
    const texture = findForeground([features(5, () => false), features(6, () => false)], SHAPE);
    expect(texture.isSplit).toBe(false);
    expect(texture.masks.every((mask) => mask.every((value) => value === 1))).toBe(true);
    expect(findForeground([features(7, (x) => x < 13)], SHAPE).isSplit).toBe(false);
    expect(findForeground([], SHAPE)).toEqual({ masks: [], isSplit: false });
  });

  it("tells two halves of a picture from product and ground", () => {
    expect(findForeground([features(8, (x) => x < 8)], SHAPE).isSplit).toBe(false);
  });
});

describe("scaleForeground", () => {
  it("repeats locations", () => {
    const scaled = scaleForeground(Uint8Array.of(1, 0, 0, 1), { c: 1, h: 2, w: 2 }, { width: 4, height: 2 });
    expect([...scaled]).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
  });
});
