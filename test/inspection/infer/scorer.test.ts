import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manifestSum, readBundle } from "../../../src/bundles/read.ts";
import type { Scorer } from "../../../src/inspection/infer/scorer.ts";
import { UNJUDGED } from "../../../src/preprocess/ignored-places.ts";
import { expectedScore, picture, sampleBundle, type SampleOptions } from "../../bundles/sample-bundle.ts";
import { openScorer } from "./open-scorer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-scorer-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const PICTURE = { width: 40, height: 28 };
const PIXELS = PICTURE.width * PICTURE.height;

async function scorerOf(options: SampleOptions): Promise<Scorer> {
  const bundleDir = await sampleBundle(folder, "b", options);
  return openScorer(bundleDir, folder);
}

/** A bright square of 4 × 4 in a grey picture. */
function withSpot(left: number, top: number): Uint8Array {
  const data = new Uint8Array(3 * PIXELS).fill(10);
  for (let y = top; y < top + 4; y++)
    data.fill(200, 3 * (y * PICTURE.width + left), 3 * (y * PICTURE.width + left + 4));
  return data;
}

describe("a bundle for tiles", () => {
  const tiling = { picture: PICTURE, overlapPx: 4, ignored: null };

  it("judges a whole picture: golden frames, score, map and regions", async () => {
    const scorer = await scorerOf({ tiling });
    expect([scorer.size, scorer.runsPerPicture]).toEqual([PICTURE, 6]);
    expect(scorer.goldenMaxDiff).toBeLessThan(1e-5);
    const { score, map, regions } = await scorer.score(withSpot(13, 10), 0.5);
    expect(score).toBeCloseTo(expectedScore(200), 5);
    expect(map.size).toEqual(PICTURE);
    expect(map.values[11 * PICTURE.width + 14]).toBeCloseTo(200 / 255, 5);
    expect(map.values[11 * PICTURE.width + 30]).toBeCloseTo(10 / 255, 5);
    expect(regions).toHaveLength(1); // one, although it lies in two tiles
    expect(regions[0]).toMatchObject({ x: 13 / 40, y: 10 / 28, w: 4 / 40, h: 4 / 28 });
  });

  it("takes pictures of no other size", async () => {
    const scorer = await scorerOf({ tiling });
    await expect(scorer.score(picture(200), 0.5)).rejects.toThrow(/takes RGB8 of 40×28/);
  });

  it("never judges the places that it was told to ignore", async () => {
    const inside = Uint8Array.from({ length: PIXELS }, (_, at) => (at % PICTURE.width < 24 ? 1 : 0));
    const files = { "inside.bin": inside, "fill.rgb": new Uint8Array(3 * PIXELS).fill(10) };
    const ignored = { inside: "inside.bin", fill: "fill.rgb" };
    const scorer = await scorerOf({ tiling: { ...tiling, ignored }, files });
    const there = await scorer.score(withSpot(25, 10), 0.5);
    expect([there.score, there.regions]).toEqual([expect.closeTo(10 / 255, 5), []]);
    expect(there.map.values[11 * PICTURE.width + 26]).toBe(UNJUDGED);
    const here = await scorer.score(withSpot(19, 10), 0.5);
    expect(here.score).toBeCloseTo(200 / 255, 5);
  });

  it("is refused if a file of its ignored places has the wrong size", async () => {
    const files = { "inside.bin": new Uint8Array(5), "fill.rgb": new Uint8Array(3 * PIXELS) };
    const ignored = { inside: "inside.bin", fill: "fill.rgb" };
    await expect(scorerOf({ tiling: { ...tiling, ignored }, files })).rejects.toThrow(
      /do not fit a picture of 40×28/,
    );
  });
});

it("a bundle older than tiling and preprocessing still loads", async () => {
  const dir = await sampleBundle(folder, "old");
  const manifest = JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")) as Record<string, unknown>;
  delete manifest.tiling;
  delete manifest.preprocess;
  const text = JSON.stringify(manifest);
  await writeFile(join(dir, "manifest.json"), text);
  await writeFile(join(dir, "manifest.json.sha256"), manifestSum(Buffer.from(text)));
  expect((await readBundle(dir)).manifest).toMatchObject({ tiling: null, preprocess: null });
});
