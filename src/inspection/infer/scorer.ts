import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import { pictureSizeOf } from "../../bundles/manifest.ts";
import { MODEL_FILE, readBundle, type Bundle } from "../../bundles/read.ts";
import { InferenceError, ModelError } from "../../domain/errors.ts";
import type { Region, Size } from "../../domain/inspection.ts";
import { scoreDifference } from "../../domain/score-difference.ts";
import { detectAccelerator } from "../../onnx/accelerator.ts";
import { inspectModel } from "../../onnx/inspect.ts";
import { openSession, type Run } from "../../onnx/session.ts";
import { judgedTiles, judgeInTiles, type Judgement, type TilePlan } from "../../preprocess/tiled-picture.ts";
import { tilingOf } from "../../preprocess/tiling.ts";
import { findRegions } from "./regions.ts";
import type { ProviderName, ProviderReport } from "./protocol.ts";

/** Largest `scoreDifference` to the trainer's score of a golden frame that is still the same model (promises.md R18). */
const GOLDEN_TOLERANCE = 1e-3;

export interface ScorerOptions {
  readonly bundleDir: string;
  readonly providers: readonly ProviderName[];
  readonly threads: number;
  readonly precision: "fp32" | "fp16";
  readonly engineCacheDir: string;
  readonly logger: Logger;
  /** PATH, to find trtexec. */
  readonly searchPath: string;
}

interface Score {
  /** Finite. */
  readonly score: number;
  readonly map: { readonly size: Size; readonly values: Float32Array };
  readonly regions: readonly Region[];
  readonly inferMs: number;
}

/** A loaded bundle: scores pictures. */
export interface Scorer {
  readonly bundleId: string;
  /** Of the pictures that it judges. */
  readonly size: Size;
  /** Runs of the model that one picture takes. */
  readonly runsPerPicture: number;
  readonly provider: ProviderReport;
  /** Largest difference found on the golden frames. */
  readonly goldenMaxDiff: number;
  /** @param data RGB8 of `size`   @throws InferenceError `wrong-size`, `not-finite`, `run-failed` */
  score(data: Uint8Array, threshold: number): Promise<Score>;
  /** Gives the memory of the session back; nothing may be scored afterwards. */
  release(): Promise<void>;
}

/**
 * Loads a bundle: checks every byte, opens it with the first provider that gives the golden frames the trainer's scores.
 * @throws ModelError `bundle-damaged`, `bundle-invalid`, `golden-mismatch`, those of `inspectModel`, or why no provider could run it.
 */
export async function loadScorer(options: ScorerOptions): Promise<Scorer> {
  const { precision, engineCacheDir, logger } = options;
  const bundle = await readBundle(options.bundleDir);
  inspectModel(bundle.model, { source: `${MODEL_FILE} of bundle ${bundle.manifest.id}` });
  const tiles = tilePlan(bundle);
  let goldenMaxDiff = Infinity;
  const session = await openSession({
    model: bundle.model,
    providers: options.providers,
    threads: options.threads,
    tensorrt: { precision, engineCacheDir, logger, accelerator: () => detectAccelerator(options.searchPath) },
    check: async (run) => {
      goldenMaxDiff = await checkGolden(bundle, judgeOf(bundle, tiles, run));
    },
  });
  const judge = judgeOf(bundle, tiles, session.run);
  return {
    bundleId: bundle.manifest.id,
    size: pictureSizeOf(bundle.manifest),
    runsPerPicture: tiles === null ? 1 : judgedTiles(tiles).length,
    provider: session.report,
    goldenMaxDiff,
    score: (data, threshold) =>
      scorePicture(judge, { data, threshold, size: tiles?.picture ?? bundle.manifest.map }),
    release: () => session.release(),
  };
}

type Judge = (picture: Uint8Array) => Promise<Judgement>;

/** How the bundle's pictures are cut; null: a picture is one input. */
function tilePlan({ manifest: { tiling, input }, ignored }: Bundle): TilePlan | null {
  if (tiling === null) return null;
  const { width, height } = input;
  return { ...tilingOf(tiling.picture, { width, height }, tiling.overlapPx), ignored };
}

/** Judges whole pictures of the bundle. */
function judgeOf(bundle: Bundle, tiles: TilePlan | null, run: Run): Judge {
  const judgeInput: Judge = (data) => runModel(bundle, run, data);
  const judge = tiles === null ? judgeInput : judgeInTiles(tiles, judgeInput);
  const { width, height } = pictureSizeOf(bundle.manifest);
  return (data) => {
    if (data.byteLength === width * height * 3) return judge(data);
    throw new InferenceError(
      "wrong-size",
      `The picture has ${data.byteLength} bytes; bundle ${bundle.manifest.id} takes RGB8 of ${width}×${height}.`,
    );
  };
}

async function checkGolden(bundle: Bundle, judge: Judge): Promise<number> {
  let maxDiff = 0;
  for (const [index, frame] of bundle.golden.entries()) {
    const { score } = await judge(frame.data);
    const diff = scoreDifference(frame.score, score);
    if (diff <= GOLDEN_TOLERANCE) {
      maxDiff = Math.max(maxDiff, diff);
      continue;
    }
    throw new ModelError(
      "golden-mismatch",
      `Golden frame ${bundle.manifest.golden[index]?.file ?? index} of bundle ${bundle.manifest.id} scores ${score}; ` +
        `the trainer got ${frame.score} (allowed difference ${GOLDEN_TOLERANCE}). Train again, or stay with the active bundle.`,
    );
  }
  return maxDiff;
}

async function scorePicture(
  judge: Judge,
  picture: { readonly data: Uint8Array; readonly threshold: number; readonly size: Size },
): Promise<Score> {
  const begun = performance.now();
  const { score, map: values } = await judge(picture.data);
  const inferMs = performance.now() - begun;
  if (!Number.isFinite(score)) {
    throw new InferenceError(
      "not-finite",
      `The score is ${score}: the model overflowed. Load it with precision fp32.`,
    );
  }
  const map = { size: picture.size, values };
  return { score, map, regions: findRegions(map, picture.threshold), inferMs };
}

/** One run of the model. @param data RGB8 of the input size */
async function runModel(bundle: Bundle, run: Run, data: Uint8Array): Promise<Judgement> {
  const { width, height } = bundle.manifest.input;
  const { score, map } = await run({ image: { dims: [1, height, width, 3], data } });
  const pixels = bundle.manifest.map.width * bundle.manifest.map.height;
  if (score?.data.length !== 1 || map?.data.length !== pixels) {
    throw new ModelError(
      "bundle-invalid",
      `The model of bundle ${bundle.manifest.id} does not give score [1] and map [1, ${bundle.manifest.map.height}, ${bundle.manifest.map.width}].`,
    );
  }
  return { score: score.data[0] ?? Number.NaN, map: map.data };
}
