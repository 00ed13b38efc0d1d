import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/graph/random.ts";
import { wideMask } from "../../../src/training/synthesize/wide-mask.ts";

const SIZE = { width: 96, height: 64 };
const share = (mask: Uint8Array): number => mask.reduce((sum, pixel) => sum + pixel, 0) / mask.length;

describe("wideMask", () => {
  it("is never more than half of the picture, and seldom nothing or little", () => {
    const random = createRandom(1);
    const shares = Array.from({ length: 200 }, () => share(wideMask(SIZE, random)));
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.5);
    const mean = shares.reduce((sum, part) => sum + part, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.15);
    expect(shares.filter((part) => part < 0.02).length).toBeLessThan(20);
  });

  it("is of few pieces: most neighbours are alike", () => {
    const random = createRandom(2);
    for (let i = 0; i < 40; i++) {
      const mask = wideMask(SIZE, random);
      let changes = 0;
      for (let at = 1; at < mask.length; at++)
        if (at % SIZE.width > 0 && mask[at] !== mask[at - 1]) changes++;
      expect(changes).toBeLessThan(4 * SIZE.height);
    }
  });

  it("is the same for the same seed", () => {
    expect(wideMask(SIZE, createRandom(3))).toEqual(wideMask(SIZE, createRandom(3)));
    expect(wideMask(SIZE, createRandom(3))).not.toEqual(wideMask(SIZE, createRandom(4)));
  });
});
