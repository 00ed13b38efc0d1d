import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/graph/random.ts";
import { cut } from "../../../src/imaging/cut.ts";
import { anomalyFactor, drawWindow, pasted } from "../../../src/training/synthesize/window.ts";

const sides = fc.integer({ min: 257, max: 900 });

describe("drawWindow", () => {
  it("lies within the picture, 256 pixels a side, and is none for small pictures", () => {
    expect(drawWindow({ width: 256, height: 400 }, createRandom(1))).toBeNull();
    fc.assert(
      fc.property(sides, sides, fc.integer(), (width, height, seed) => {
        const window = drawWindow({ width, height }, createRandom(seed))!;
        expect([window.width, window.height]).toEqual([256, 256]);
        expect(Math.min(window.left, window.top)).toBeGreaterThanOrEqual(0);
        expect(window.left + window.width).toBeLessThanOrEqual(width);
        expect(window.top + window.height).toBeLessThanOrEqual(height);
      }),
    );
  });

  it("comes to every place, the corners too", () => {
    const random = createRandom(3);
    const lefts = Array.from({ length: 3000 }, () => drawWindow({ width: 300, height: 300 }, random)!.left);
    expect(new Set(lefts)).toEqual(new Set(Array.from({ length: 45 }, (_, left) => left)));
  });
});

describe("cut and pasted", () => {
  const size = { width: 5, height: 4 };
  const picture = Uint8Array.from({ length: 60 }, (_, at) => at);
  const window = { left: 1, top: 2, width: 3, height: 2 };

  it("undo each other", () => {
    expect(pasted(picture, size, window, cut(picture, size, window, 3))).toEqual(picture);
  });

  it("change the window and nothing else", () => {
    const changed = pasted(picture, size, window, new Uint8Array(18).fill(255));
    const inside = (pixel: number): boolean => {
      const [x, y] = [pixel % 5, Math.floor(pixel / 5)];
      return x >= 1 && x < 4 && y >= 2;
    };
    for (let at = 0; at < 60; at++) expect(changed[at]).toBe(inside(Math.floor(at / 3)) ? 255 : picture[at]);
    expect([
      ...cut(
        Uint8Array.from({ length: 20 }, (_, at) => at),
        size,
        window,
        1,
      ),
    ]).toEqual([11, 12, 13, 16, 17, 18]);
  });
});

describe("anomalyFactor", () => {
  it("is 1 up to 313², then grows with the area", () => {
    const factors = [64, 256, 313, 400, 640, 1024].map((side) =>
      anomalyFactor({ width: side, height: side }),
    );
    expect(factors).toEqual([1, 1, 1, 2, 6, 16]);
  });
});
