import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/graph/random.ts";
import { renderPart } from "../../../src/simulator/product.ts";
import { chooseFinish } from "../../../src/training/synthesize/finishes.ts";
import type { Material } from "../../../src/training/synthesize/contents.ts";
import { proceduralTextures } from "../../../src/training/synthesize/procedural-texture.ts";
import { regionOf } from "../../../src/training/synthesize/region.ts";

const SIZE = { width: 96, height: 64 };
const part = (index: number) =>
  renderPart({ index, seed: 1, size: SIZE, content: "normal", defectShare: 0 }).data;
const half = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, at) => (at % SIZE.width < 40 ? 1 : 0));
const region = regionOf(half, SIZE, 0)!;

const meanOf = (colour: (x: number, y: number) => number): number => {
  let sum = 0;
  for (let y = 0; y < SIZE.height; y++) for (let x = 0; x < 40; x++) sum += colour(x, y);
  return sum / (40 * SIZE.height);
};

describe("chooseFinish", () => {
  const image = part(0);
  const material = (others: readonly Uint8Array[]): Material => ({
    image,
    size: SIZE,
    textures: proceduralTextures,
    others,
  });

  it("gives finite colours at every place, with other pictures and without", () => {
    for (let seed = 0; seed < 60; seed++) {
      const { sample, opacity } = chooseFinish(
        material(seed % 2 ? [] : [part(1), part(2)]),
        region,
        createRandom(seed),
      );
      expect(opacity).toBeGreaterThan(0);
      const colour = new Float32Array(3);
      for (const [x, y] of [
        [0, 0],
        [39, 63],
        [20, 31],
      ] as const) {
        sample(x, y, colour);
        expect([...colour].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("brings what it takes from a darker picture near the brightness that was there", () => {
    const dark = image.map((value) => value >> 1);
    const green = (source: Uint8Array) => (x: number, y: number) => source[(y * SIZE.width + x) * 3 + 1]!;
    const [here, there] = [meanOf(green(image)), meanOf(green(dark))];
    const lifted = Array.from({ length: 80 }, (_, seed) => {
      const { sample } = chooseFinish(material([dark]), region, createRandom(seed));
      const colour = new Float32Array(3);
      return meanOf((x, y) => {
        sample(x, y, colour);
        return colour[1]!;
      });
    });
    const middle = (here + there) / 2;
    const near = lifted.filter((mean) => mean >= middle - 1 && mean <= here + 1);
    expect(near.length).toBeGreaterThan(20); // a third is of another picture, or its mirror image, lifted by half to all of the difference
  });
});
