import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { readManifest } from "../../src/bundles/read.ts";
import type { Size } from "../../src/domain/inspection.ts";
import { readPicture } from "../../src/imaging/read-picture.ts";
import type { Scorer } from "../../src/inspection/infer/scorer.ts";
import { UNJUDGED } from "../../src/preprocess/ignored-places.ts";
import { createJob } from "../../src/training/job.ts";
import { runTraining } from "../../src/training/run.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { QUICK_TRAINING, quickConfig, renderNormals } from "../e2e/quick-training.ts";
import { openScorer } from "../inspection/infer/open-scorer.ts";

const TIMEOUT = 90_000;
const SIDE = 96;
const SQUARE = { width: SIDE, height: SIDE };
const BANK = { name: "memory-bank", patches: 1000 };
const NO_INSTANT = { start: "never" };

let stateDir: string;
let normalsDir: string;
beforeEach(async () => {
  stateDir = await taughtNothingState();
  normalsDir = join(stateDir, "normals");
  await renderNormals(normalsDir, 24);
  await renderNormals(join(stateDir, "others"), 1, 77);
}, TIMEOUT);

/** Trains with these settings, and opens the bundle as the inference process does. */
async function taught(training: object): Promise<{ scorer: Scorer; bundleDir: string; threshold: number }> {
  const config = quickConfig(stateDir, {
    station: { name: "st1", stateDir, inputSize: SIDE },
    training: { ...QUICK_TRAINING, instant: NO_INSTANT, ...training },
  });
  const job = createJob(config, { recipe: "default", normalsDir, parent: null, now: new Date() });
  const hooks = { signal: new AbortController().signal, report: () => undefined };
  const { bundleDir, threshold, parityMaxAbs } = await runTraining(job, hooks);
  expect(parityMaxAbs).toBeLessThanOrEqual(1e-3);
  const scorer = await openScorer(bundleDir, stateDir);
  return { scorer, bundleDir, threshold };
}

/** A good part with a loud chequered square; `x` and `y` are shares of the picture. */
function spoiled(picture: Uint8Array, { width, height }: Size, x: number, y: number): Uint8Array {
  const data = Uint8Array.from(picture); // a Buffer's slice would be the same memory
  const [left, top] = [Math.round(x * width), Math.round(y * height)];
  for (let row = top; row < top + 14; row++) {
    for (let column = left; column < left + 14; column++) {
      data.fill(
        ((row >> 1) + (column >> 1)) % 2 === 0 ? 255 : 0,
        3 * (row * width + column),
        3 * (row * width + column + 1),
      );
    }
  }
  return data;
}

/** A good part that no training saw. */
const goodPart = (size: Size): Promise<Uint8Array> => readPicture(join(stateDir, "others", "0.png"), size);

describe("a model taught with preprocessing", () => {
  it(
    "does not see ignored places, evens out the light, and keeps what was used in its bundle",
    async () => {
      const ignore = [
        [
          [0, 0],
          [1, 0.3],
        ],
      ];
      const { scorer, bundleDir } = await taught({
        method: BANK,
        preprocess: { ignore, light: "gain", augment: "mild" },
      });
      const good = await goodPart(SQUARE);
      const [plain, ignored, judged] = [
        await scorer.score(good, 0),
        await scorer.score(spoiled(good, SQUARE, 0.4, 0.1), 0),
        await scorer.score(spoiled(good, SQUARE, 0.4, 0.5), 0),
      ];
      expect(ignored).toMatchObject({ score: plain.score, map: plain.map, regions: plain.regions });
      expect(judged.score).toBeGreaterThan(plain.score + 1);
      expect(new Set(judged.map.values.subarray(0, 28 * SIDE))).toEqual(new Set([UNJUDGED]));
      expect(judged.map.values.subarray(30 * SIDE).includes(UNJUDGED)).toBe(false);
      const darker = good.map((value) => Math.round(0.8 * value));
      expect(Math.abs((await scorer.score(darker, 0)).score - plain.score)).toBeLessThan(1);
      const manifest = await readManifest(bundleDir);
      expect(manifest).toMatchObject({
        tiling: null,
        preprocess: {
          ignore,
          augment: "mild",
          light: { kind: "gain", target: expect.any(Number) as number },
        },
      });
      const report = JSON.parse(await readFile(join(bundleDir, "report.json"), "utf8")) as object;
      expect(report).toMatchObject({ dataSet: { images: 24 } });
    },
    TIMEOUT,
  );

  it(
    "judges a large picture in tiles, by both stages' method",
    async () => {
      const size = { width: 200, height: 160 };
      const include = [
        [
          [0, 0],
          [0.75, 1],
        ],
      ];
      const preprocess = { pictureSize: size, tileOverlapPx: 24, include, light: "local" };
      const { scorer, bundleDir } = await taught({ preprocess });
      const report = await readFile(join(bundleDir, "report.json"), "utf8");
      expect(report).toMatch(
        /trusted, from good parts alone: gate \d+ %, wide areas \d+ %, student 100 %, bank \d+ %/,
      ); // of held-out tiles
      expect([scorer.size, scorer.runsPerPicture]).toEqual([size, 6]);
      const good = await goodPart(size);
      const [plain, outside, inside] = [
        await scorer.score(good, 0),
        await scorer.score(spoiled(good, size, 0.8, 0.4), 0),
        await scorer.score(spoiled(good, size, 0.35, 0.4), 0),
      ];
      expect(plain.map.size).toEqual(size);
      expect(outside.score).toBe(plain.score);
      expect(inside.score).toBeGreaterThan(plain.score + 1);
      const at = inside.map.values.indexOf(inside.score);
      expect((at % size.width) / size.width).toBeCloseTo(0.38, 1);
      expect(Math.floor(at / size.width) / size.height).toBeCloseTo(0.44, 1);
    },
    TIMEOUT,
  );

  it(
    "judges only where the product was seen, if the scene is fixed",
    async () => {
      const { scorer } = await taught({ method: BANK, preprocess: { foreground: "map" } });
      const good = await goodPart(SQUARE);
      const { map } = await scorer.score(good, 0);
      const unjudged = map.values.filter((value) => value === UNJUDGED).length / map.values.length;
      expect(unjudged).toBeGreaterThan(0.1);
      expect(unjudged).toBeLessThan(0.7);
      expect(map.values[(SIDE / 2) * SIDE + SIDE / 2]).not.toBe(UNJUDGED);
      expect(map.values[0]).toBe(UNJUDGED);
    },
    TIMEOUT,
  );

  it(
    "gives a method that looks at pictures the same even light in training and on the line",
    async () => {
      const method = { name: "adps", patches: 2, amplify: { images: 8, steps: 4, batch: 4 } };
      const { scorer } = await taught({ method, preprocess: { light: "local" } });
      expect(scorer.goldenMaxDiff).toBeLessThanOrEqual(1e-3);
    },
    TIMEOUT,
  );

  it("refuses settings that cannot be followed, in words", async () => {
    const tiles = { pictureSize: { width: 192, height: 96 } };
    await expect(taught({ preprocess: { ...tiles, foreground: "map" } })).rejects.toThrow(
      /pictures of one tile/,
    );
    await expect(taught({ preprocess: { ...tiles, tileOverlapPx: 90 } })).rejects.toThrow(/more than half/);
    await expect(taught({ preprocess: { mask: join(stateDir, "none.png") } })).rejects.toThrow(/none\.png/);
  });
});
