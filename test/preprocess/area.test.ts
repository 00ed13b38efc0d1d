import { describe, expect, it } from "vitest";
import { judgedArea } from "../../src/preprocess/area.ts";

const SIZE = { width: 10, height: 8 };
const NOTHING = { include: [], ignore: [], mask: null };
const rows = (mask: Uint8Array | null): string[] =>
  Array.from({ length: SIZE.height }, (_, y) =>
    (mask ?? []).slice(y * SIZE.width, (y + 1) * SIZE.width).join(""),
  );

describe("the judged area", () => {
  it("is everything without a wish", () => {
    expect(judgedArea(NOTHING, SIZE)).toBeNull();
    expect(
      judgedArea(
        {
          ...NOTHING,
          include: [
            [
              [0, 0],
              [1, 1],
            ],
          ],
        },
        SIZE,
      ),
    ).toBeNull();
    expect(judgedArea({ ...NOTHING, mask: new Uint8Array(80).fill(1) }, SIZE)).toBeNull();
  });

  it("is a rectangle by two corners, in whatever order, without the places ignored in it", () => {
    const include = [
      [
        [0.2, 0.25],
        [0.8, 0.75],
      ],
    ] as [number, number][][];
    const ignore = [
      [
        [0.6, 0.5],
        [0.4, 0.25],
      ],
    ] as [number, number][][];
    expect(rows(judgedArea({ ...NOTHING, include, ignore }, SIZE))).toEqual([
      "0000000000",
      "0000000000",
      "0011001100",
      "0011001100",
      "0011111100",
      "0011111100",
      "0000000000",
      "0000000000",
    ]);
  });

  it("is a polygon at the middle of pixels", () => {
    const include = [
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ] as [number, number][][];
    expect(rows(judgedArea({ ...NOTHING, include }, SIZE))).toEqual([
      "1111111110",
      "1111111100",
      "1111111000",
      "1111110000",
      "1111000000",
      "1110000000",
      "1100000000",
      "1000000000",
    ]);
  });

  it("is what the mask leaves of it, and never empty", () => {
    const mask = new Uint8Array(80);
    mask[3] = 1;
    mask[4] = 1;
    const ignore = [
      [
        [0.4, 0],
        [1, 1],
      ],
    ] as [number, number][][];
    expect(judgedArea({ include: [], ignore, mask }, SIZE)?.indexOf(1)).toBe(3);
    expect(() =>
      judgedArea(
        {
          ...NOTHING,
          ignore: [
            [
              [0, 0],
              [1, 1],
            ],
          ],
        },
        SIZE,
      ),
    ).toThrow(/no place that is judged/);
  });
});
