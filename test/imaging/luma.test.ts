import { describe, expect, test } from "vitest";
import { brightness, sharpness } from "../../src/imaging/luma.ts";

const SIZE = { width: 64, height: 64 };

/** RGB8 of one grey per pixel. */
function picture(grey: (x: number, y: number) => number): Uint8Array {
  const data = new Uint8Array(SIZE.width * SIZE.height * 3);
  for (let y = 0; y < SIZE.height; y++) {
    for (let x = 0; x < SIZE.width; x++)
      data.fill(grey(x, y), (y * SIZE.width + x) * 3, (y * SIZE.width + x) * 3 + 3);
  }
  return data;
}

describe("brightness and sharpness", () => {
  test("brightness is the mean luma", () => {
    expect(brightness(picture((x) => (x % 2) * 200))).toBeCloseTo(100, 0);
  });

  test("sharpness is zero for a ramp, and falls with blur", () => {
    expect(
      sharpness(
        picture((x) => x),
        SIZE,
      ),
    ).toBeCloseTo(0);
    const sharp = sharpness(
      picture((x) => (x % 8 < 4 ? 0 : 200)),
      SIZE,
    );
    const blurred = sharpness(
      picture((x) => 100 + 100 * Math.sin((x * Math.PI) / 4)),
      SIZE,
    );
    expect(sharp).toBeGreaterThan(3 * blurred);
  });

  test("sharpness of a large picture is that of the same texture in a small one", () => {
    const texture = ({ width, height }: { width: number; height: number }) => {
      let state = 1;
      return Uint8Array.from({ length: 3 * width * height }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return 100 + (state >>> 27);
      });
    };
    const [small, large] = [SIZE, { width: 1280, height: 960 }].map((size) => sharpness(texture(size), size));
    expect(large! / small!).toBeGreaterThan(0.85);
    expect(large! / small!).toBeLessThan(1.15);
  });
});
