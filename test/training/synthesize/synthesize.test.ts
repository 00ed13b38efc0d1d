import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/graph/random.ts";
import { renderPart } from "../../../src/simulator/product.ts";
import { choose } from "../../../src/training/synthesize/chance.ts";
import { loadFolderTextures, textureFacts } from "../../../src/training/synthesize/folder-texture.ts";
import { createPerlin, perlinMask } from "../../../src/training/synthesize/perlin.ts";
import { proceduralTextures } from "../../../src/training/synthesize/procedural-texture.ts";
import { regionOf } from "../../../src/training/synthesize/region.ts";
import { synthesizeAnomaly, type SynthesisOptions } from "../../../src/training/synthesize/synthesize.ts";
import { temporaryFolder } from "../../imaging/temporary-folder.ts";

const SIZE = { width: 96, height: 64 };
const PIXELS = SIZE.width * SIZE.height;
const image = renderPart({ index: 0, seed: 1, size: SIZE, content: "normal", defectShare: 0 }).data;

function options(seed: number, change: Partial<SynthesisOptions> = {}): SynthesisOptions {
  return {
    random: createRandom(seed),
    foreground: null,
    textures: proceduralTextures,
    others: [image],
    ...change,
  };
}

const area = (mask: Uint8Array): number => mask.reduce((sum, pixel) => sum + pixel, 0);

describe.each([
  { recipe: "rich", softEdge: 4 },
  { recipe: "wide", softEdge: 18 },
  { recipe: "paper", softEdge: 0 },
] as const)("synthesizeAnomaly, $recipe recipe", ({ recipe, softEdge }) => {
  it("is repeatable and leaves the normal picture as it was", () => {
    const before = image.slice();
    const first = synthesizeAnomaly(image, SIZE, options(7, { recipe }));
    const again = synthesizeAnomaly(image, SIZE, options(7, { recipe }));
    expect(again).toEqual(first);
    expect(image).toEqual(before);
  });

  it("spoils about four in five pictures, visibly", () => {
    const random = createRandom(2);
    const areas = Array.from({ length: 200 }, () =>
      area(synthesizeAnomaly(image, SIZE, options(0, { random, recipe })).mask),
    );
    const spoiled = areas.filter((pixels) => pixels > 0);
    expect(spoiled.length / areas.length).toBeGreaterThan(0.68);
    expect(spoiled.length / areas.length).toBeLessThan(0.9);
    expect(Math.min(...spoiled)).toBeGreaterThan(4);
  });

  it("stays on the foreground", () => {
    const foreground = Uint8Array.from({ length: PIXELS }, (_, i) => (i % SIZE.width < 40 ? 1 : 0));
    const random = createRandom(3);
    for (let i = 0; i < 60; i++) {
      const { mask } = synthesizeAnomaly(image, SIZE, options(0, { random, recipe, foreground }));
      const beyond = mask.filter((_, at) => at % SIZE.width >= 40 + softEdge);
      expect(area(beyond)).toBe(0);
    }
  });

  it("gives up on an empty foreground", () => {
    const foreground = new Uint8Array(PIXELS);
    for (let seed = 0; seed < 5; seed++) {
      expect(area(synthesizeAnomaly(image, SIZE, options(seed, { recipe, foreground })).mask)).toBe(0);
    }
  });
});

describe("paper recipe", () => {
  it("labels exactly what changed by more than six grey levels", () => {
    for (let seed = 0; seed < 20; seed++) {
      const made = synthesizeAnomaly(image, SIZE, options(seed, { recipe: "paper" }));
      made.mask.forEach((label, at) => {
        const changes = [0, 1, 2].map((c) => Math.abs(made.image[at * 3 + c]! - image[at * 3 + c]!));
        expect(Math.max(...changes) > 6 ? 1 : 0).toBe(label);
      });
    }
  });
});

describe("Perlin noise", () => {
  it("is zero on the grid and stays within ±√2", () => {
    const noise = createPerlin(9, 9, createRandom(4));
    expect(noise(3, 5)).toBeCloseTo(0, 6);
    const values = Array.from({ length: 2000 }, (_, i) => noise((i * 0.0379) % 8, (i * 0.0173) % 8));
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(Math.SQRT2);
    expect(Math.max(...values)).toBeGreaterThan(0.5);
  });

  it("covers corners as often as the middle", () => {
    const random = createRandom(9);
    const masks = Array.from({ length: 400 }, () => perlinMask({ width: 32, height: 32 }, random));
    const share = (at: number): number => masks.filter((mask) => mask[at] === 1).length / masks.length;
    expect(share(33)).toBeGreaterThan(0.02);
    expect(share(16 * 32 + 16)).toBeGreaterThan(0.02);
  });
});

describe("regionOf", () => {
  it("finds the bounds of a mask and softens its edge without changing its weight", () => {
    const mask = new Uint8Array(PIXELS);
    for (let y = 20; y < 30; y++) mask.fill(1, y * SIZE.width + 40, y * SIZE.width + 52);
    expect(regionOf(mask, SIZE, 0)).toMatchObject({ left: 40, top: 20, width: 12, height: 10 });
    const soft = regionOf(mask, SIZE, 1);
    expect(soft).toMatchObject({ left: 37, top: 17, width: 18, height: 16 });
    expect(soft?.alpha.reduce((a, b) => a + b, 0)).toBeCloseTo(120, 3);
    expect(regionOf(new Uint8Array(PIXELS), SIZE, 1)).toBeNull();
  });
});

describe("textures", () => {
  it("of a folder keep red red (DTD as RGB, not BGR) and differ from use to use", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "banded"));
    const red = sharp({ create: { width: 40, height: 40, channels: 3, background: "#c02010" } });
    await red.png().toFile(join(folder, "banded", "a.png"));
    const textures = await loadFolderTextures(folder, SIZE, createRandom(1));
    const random = createRandom(6);
    const colours = Array.from({ length: 20 }, () => {
      const out = new Float32Array(3);
      textures.next(SIZE, random)(10, 10, out);
      return [...out];
    });
    const upright = colours.filter(([r = 0, , b = 0]) => r > b);
    expect(upright.length).toBeGreaterThan(12); // a few are inverted
    expect(new Set(colours.map(String)).size).toBe(20);
  });

  it("of a folder without pictures are refused with a remedy", async () => {
    const empty = temporaryFolder();
    await expect(loadFolderTextures(empty, SIZE, createRandom(1))).rejects.toMatchObject({
      code: "textures-missing",
    });
    await expect(loadFolderTextures(join(empty, "none"), SIZE, createRandom(1))).rejects.toThrow(
      /texturesDir/,
    );
  });

  it("are known by name, size and time, so that other pictures under the same path are other textures", async () => {
    const folder = temporaryFolder();
    expect(await textureFacts(join(folder, "none"))).toEqual([]);
    mkdirSync(join(folder, "banded"));
    writeFileSync(join(folder, "banded", "a.png"), "one");
    writeFileSync(join(folder, "readme.txt"), "no picture");
    const first = await textureFacts(folder);
    expect(first).toHaveLength(1);
    expect(await textureFacts(folder)).toEqual(first);
    writeFileSync(join(folder, "banded", "a.png"), "longer");
    const longer = await textureFacts(folder);
    utimesSync(join(folder, "banded", "a.png"), 1, 1);
    const older = await textureFacts(folder);
    writeFileSync(join(folder, "b.jpg"), "two");
    const more = await textureFacts(folder);
    expect(new Set([first, longer, older, more].map(String)).size).toBe(4);
  });

  it("made on the spot are finite everywhere", () => {
    const random = createRandom(8);
    const out = new Float32Array(3);
    for (let i = 0; i < 60; i++) {
      const sample = proceduralTextures.next(SIZE, random);
      for (const [x, y] of [
        [0, 0],
        [255, 3],
        [1023, 1023],
      ] as const) {
        sample(x, y, out);
        expect(out.every(Number.isFinite)).toBe(true);
      }
    }
  });
});

describe("choose", () => {
  it("follows the weights", () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 1000 }, () =>
      choose(random, [
        [3, "a"],
        [1, "b"],
      ]),
    );
    expect(drawn.filter((value) => value === "a").length).toBeGreaterThan(700);
    expect(() => choose(random, [])).toThrow(RangeError);
  });
});
