import { join } from "node:path";
import { expect, it } from "vitest";
import { readPicture } from "../../src/imaging/read-picture.ts";
import { createJob } from "../../src/training/job.ts";
import { runTraining } from "../../src/training/run.ts";
import { SMALL_METHODS, titleOf } from "../contract/small-methods.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { quickConfig, renderNormals } from "../e2e/quick-training.ts";
import { openScorer } from "../inspection/infer/open-scorer.ts";

const TIMEOUT = 90_000;
const SIDE = 64;
const PICTURE = { width: 104, height: 80 };
const IGNORED_ROWS = 20;
const PREPARED = {
  augment: "mild",
  light: "contrast",
  ignore: [
    [
      [0, 0],
      [1, IGNORED_ROWS / PICTURE.height],
    ],
  ],
};
const TILED = { ...PREPARED, pictureSize: PICTURE, tileOverlapPx: 16 };
const CASES = SMALL_METHODS.flatMap((method) => [
  { title: `${titleOf(method)}, in tiles`, method, preprocess: TILED, size: PICTURE },
  {
    title: `${titleOf(method)}, where the product was seen`,
    method,
    preprocess: { ...PREPARED, light: "local", foreground: "map" },
    size: { width: SIDE, height: SIDE },
  },
]);

it.each(CASES)(
  "$title: learns varied, evenly lit pictures, and its bundle judges the same, blind to ignored places",
  async ({ method, preprocess, size }) => {
    const state = await taughtNothingState();
    await renderNormals(join(state, "normals"), 12);
    const config = quickConfig(state, {
      station: { name: "st1", stateDir: state, inputSize: SIDE },
      training: { minImages: 8, method, instant: { start: "never" }, preprocess },
    });
    const request = { recipe: "default", normalsDir: join(state, "normals"), parent: null, now: new Date() };
    const hooks = { signal: new AbortController().signal, report: () => undefined };
    const { bundleDir, parityMaxAbs } = await runTraining(createJob(config, request), hooks);
    expect(parityMaxAbs).toBeLessThanOrEqual(1e-3);
    const scorer = await openScorer(bundleDir, state);
    expect(scorer.goldenMaxDiff).toBeLessThanOrEqual(1e-3);
    const good = await readPicture(join(state, "normals", "0.png"), size);
    const spoiled = Uint8Array.from(good).fill(255, 0, 3 * size.width * (IGNORED_ROWS / 2));
    const { score } = await scorer.score(good, 0);
    expect(score).toBeGreaterThan(-1e4);
    expect((await scorer.score(spoiled, 0)).score).toBe(score);
  },
  TIMEOUT,
);
