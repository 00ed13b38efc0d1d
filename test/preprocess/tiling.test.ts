import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStitcher } from "../../src/preprocess/stitch.ts";
import { UNJUDGED } from "../../src/preprocess/ignored-places.ts";
import { judgedTiles, judgeInTiles } from "../../src/preprocess/tiled-picture.ts";
import { cutTile, tilingOf, type Tiling } from "../../src/preprocess/tiling.ts";

const tilings = fc
  .record({
    tile: fc.integer({ min: 4, max: 24 }),
    moreWidth: fc.integer({ min: 0, max: 70 }),
    moreHeight: fc.integer({ min: 0, max: 70 }),
    overlapShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
  })
  .map(({ tile, moreWidth, moreHeight, overlapShare }) => ({
    overlapPx: Math.floor(tile * overlapShare),
    tiling: tilingOf(
      { width: tile + moreWidth, height: tile + moreHeight },
      { width: tile, height: tile },
      Math.floor(tile * overlapShare),
    ),
  }));

/** The part of a whole map that a tile covers. */
function cutMap(
  whole: Float32Array,
  { picture, tile }: Tiling,
  at: { left: number; top: number },
): Float32Array {
  return Float32Array.from({ length: tile.width * tile.height }, (_, i) => {
    const [x, y] = [at.left + (i % tile.width), at.top + Math.floor(i / tile.width)];
    return whole[y * picture.width + x]!;
  });
}

describe("tiles", () => {
  it("cover every pixel, stay inside, and neighbours overlap by what was asked for", () => {
    fc.assert(
      fc.property(tilings, ({ tiling, overlapPx }) => {
        const { picture, tile, tiles } = tiling;
        const covered = new Uint8Array(picture.width * picture.height);
        for (const { left, top } of tiles) {
          expect(left + tile.width).toBeLessThanOrEqual(picture.width);
          expect(top + tile.height).toBeLessThanOrEqual(picture.height);
          for (let y = top; y < top + tile.height; y++)
            covered.fill(1, y * picture.width + left, y * picture.width + left + tile.width);
        }
        expect(covered.includes(0)).toBe(false);
        for (const side of ["left", "top"] as const) {
          const starts = [...new Set(tiles.map((one) => one[side]))].sort((a, b) => a - b);
          for (let i = 1; i < starts.length; i++)
            expect(starts[i - 1]! + tile.width - starts[i]!).toBeGreaterThanOrEqual(overlapPx);
        }
      }),
    );
  });

  it("are one where the picture has the model's size, and are refused where it is smaller", () => {
    const size = { width: 64, height: 64 };
    expect(tilingOf(size, size, 16).tiles).toEqual([{ left: 0, top: 0 }]);
    expect(() => tilingOf({ width: 96, height: 48 }, size, 16)).toThrow(/96×48 is smaller than .* 64×64/);
    expect(() => tilingOf({ width: 96, height: 96 }, size, 40)).toThrow(/more than half/);
  });

  it("of a 1280×960 picture are 6 × 5 of 256 with 32 pixels in common", () => {
    expect(tilingOf({ width: 1280, height: 960 }, { width: 256, height: 256 }, 32).tiles).toHaveLength(30);
  });
});

describe("stitching", () => {
  it("of a map's own parts gives the map", () => {
    fc.assert(
      fc.property(tilings, fc.integer(), ({ tiling }, seed) => {
        const { width, height } = tiling.picture;
        const whole = Float32Array.from({ length: width * height }, (_, i) => Math.sin(seed + 12.9898 * i));
        const map = new Float32Array(whole.length);
        const addTile = createStitcher(tiling);
        for (const tile of tiling.tiles) addTile(map, tile, cutMap(whole, tiling, tile));
        for (const [at, value] of whole.entries()) expect(map[at]).toBeCloseTo(value, 5);
      }),
    );
  });

  it("shows no seam: between two tiles that disagree the map goes over in small steps", () => {
    const tiling = tilingOf({ width: 112, height: 64 }, { width: 64, height: 64 }, 16);
    const map = new Float32Array(112 * 64);
    const addTile = createStitcher(tiling);
    tiling.tiles.forEach((tile, at) => {
      addTile(map, tile, new Float32Array(64 * 64).fill(at));
    });
    const row = [...map.subarray(0, 112)];
    expect([row[0], row[47], row[64], row[111]]).toEqual([0, 0, 1, 1]);
    const steps = row.slice(1).map((value, at) => value - row[at]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThan(0.1);
  });
});

describe("a picture judged in tiles", () => {
  const tiling = tilingOf({ width: 40, height: 24 }, { width: 16, height: 16 }, 4);
  const picture = Uint8Array.from({ length: 40 * 24 * 3 }, (_, at) => (at * 31) % 256);
  /** The green channel. */
  const judgeGreen = (tile: Uint8Array) => {
    const map = Float32Array.from({ length: tile.length / 3 }, (_, at) => tile[3 * at + 1]!);
    return Promise.resolve({ score: Math.max(...map), map });
  };

  it("is its map and the highest value of it", async () => {
    const { score, map } = await judgeInTiles({ ...tiling, ignored: null }, judgeGreen)(picture);
    const green = Float32Array.from({ length: 40 * 24 }, (_, at) => picture[3 * at + 1]!);
    for (const [at, value] of green.entries()) expect(map[at]).toBeCloseTo(value, 3);
    expect(score).toBe(Math.max(...map));
  });

  it("is not moved by what is at ignored places, and leaves out tiles without any other", async () => {
    const inside = Uint8Array.from({ length: 40 * 24 }, (_, at) => (at % 40 < 12 ? 1 : 0));
    const plan = { ...tiling, ignored: { inside, fill: new Uint8Array(picture.length).fill(7) } };
    expect(judgedTiles(plan).map(({ left }) => left)).toEqual([0, 0]);
    const seen: number[] = [];
    const judge = judgeInTiles(plan, (tile) => {
      seen.push(tile[3 * 14 + 1]!);
      return judgeGreen(tile);
    });
    const spoiled = picture.map((value, at) => (inside[Math.floor(at / 3)] === 0 ? 255 - value : value));
    const [one, other] = [await judge(picture), await judge(spoiled)];
    expect(other).toEqual(one);
    expect(seen).toEqual([127, 127, 127, 127]); // the fill, as bright as the judged places
    expect([...one.map].filter((value) => value === UNJUDGED)).toHaveLength(28 * 24);
    expect(one.score).toBeLessThan(256);
  });

  it("has no score where the model gives none", async () => {
    const judge = judgeInTiles({ ...tiling, ignored: null }, async (tile) => {
      const judged = await judgeGreen(tile);
      judged.map[5] = NaN;
      return judged;
    });
    expect((await judge(picture)).score).toBeNaN();
  });

  it("cuts masks and pictures alike", () => {
    const mask = Uint8Array.from({ length: 40 * 24 }, (_, at) => at % 40);
    expect([...cutTile(mask, tiling, { left: 24, top: 8 }, 1)].slice(0, 16)).toEqual(
      Array.from({ length: 16 }, (_, x) => 24 + x),
    );
  });
});
