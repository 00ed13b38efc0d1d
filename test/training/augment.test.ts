import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { varyMildly } from "../../src/training/augment.ts";

const SIZE = { width: 96, height: 64 };

/** A grey picture with a bright disc in its middle. */
const picture = Uint8Array.from({ length: 3 * 96 * 64 }, (_, at) => {
  const [x, y] = [Math.floor(at / 3) % 96, Math.floor(at / 3 / 96)];
  return Math.hypot(x - 47.5, y - 31.5) < 12 ? 200 : 80;
});

const meanOf = (values: Uint8Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Middle of the bright disc. */
function discOf(values: Uint8Array): { x: number; y: number } {
  const bright = [...Array(96 * 64).keys()].filter((at) => values[3 * at]! > 140);
  const mean = (of: (at: number) => number): number =>
    bright.reduce((sum, at) => sum + of(at), 0) / bright.length;
  return { x: mean((at) => at % 96), y: mean((at) => Math.floor(at / 96)) };
}

describe("a mildly varied picture", () => {
  it("stays the same part: a little other light, and moved by a few pixels", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const varied = varyMildly(picture, SIZE, createRandom(seed));
      expect(Math.abs(meanOf(varied) / meanOf(picture) - 1)).toBeLessThan(0.06 + 5 / 80 + 0.01);
      const { x, y } = discOf(varied);
      expect(Math.max(Math.abs(x - 47.5), Math.abs(y - 31.5))).toBeLessThan(1.5);
    }
  });

  it("differs from draw to draw, is the same for one seed, and leaves the original alone", () => {
    const before = Uint8Array.from(picture);
    const [one, again, other] = [1, 1, 2].map((seed) => varyMildly(picture, SIZE, createRandom(seed)));
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    expect(picture).toEqual(before);
  });
});
