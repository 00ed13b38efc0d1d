import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import { MODEL_FILE, readBundle, type Bundle } from "../../bundles/read.ts";
import { InferenceError, ModelError } from "../../domain/errors.ts";
import type { Region, Size } from "../../domain/inspection.ts";
import { detectAccelerator } from "../../onnx/accelerator.ts";
import { inspectModel } from "../../onnx/inspect.ts";
import { openSession, type Run } from "../../onnx/session.ts";
import { findRegions } from "./regions.ts";
import type { ProviderName, ProviderReport } from "./protocol.ts";

/** Largest |score - the trainer's score| of a golden frame that is still the same model (promises.md R18). */
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
  readonly size: Size;
  readonly provider: ProviderReport;
  /** Largest difference found on the golden frames. */
  readonly goldenMaxDiff: number;
  /** @param data RGB8 of the bundle's input size   @throws InferenceError `wrong-size`, `not-finite`, `run-failed` */
  score(data: Uint8Array, threshold: number): Promise<Score>;
}

/**
 * Loads a bundle: checks every byte, opens it with the first provider that gives the golden frames the trainer's scores.
 * @throws ModelError `bundle-damaged`, `bundle-invalid`, `golden-mismatch`, those of `inspectModel`, or why no provider could run it.
 */
export async function loadScorer(options: ScorerOptions): Promise<Scorer> {
  const { precision, engineCacheDir, logger } = options;
  const bundle = await readBundle(options.bundleDir);
  inspectModel(bundle.model, { source: `${MODEL_FILE} of bundle ${bundle.manifest.id}` });
  const { width, height } = bundle.manifest.input;
  let goldenMaxDiff = Infinity;
  const session = await openSession({
    model: bundle.model,
    providers: options.providers,
    threads: options.threads,
    tensorrt: { precision, engineCacheDir, logger, accelerator: () => detectAccelerator(options.searchPath) },
    check: async (run) => {
      goldenMaxDiff = await checkGolden(bundle, run);
    },
  });
  return {
    bundleId: bundle.manifest.id,
    size: { width, height },
    provider: session.report,
    goldenMaxDiff,
    score: (data, threshold) => scorePicture(bundle, session.run, { data, threshold }),
  };
}

async function checkGolden(bundle: Bundle, run: Run): Promise<number> {
  let maxDiff = 0;
  for (const [index, frame] of bundle.golden.entries()) {
    const { score } = await runModel(bundle, run, frame.data);
    const diff = Math.abs(score - frame.score);
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
  bundle: Bundle,
  run: Run,
  picture: { readonly data: Uint8Array; readonly threshold: number },
): Promise<Score> {
  const begun = performance.now();
  const { score, values } = await runModel(bundle, run, picture.data);
  const inferMs = performance.now() - begun;
  if (!Number.isFinite(score)) {
    throw new InferenceError(
      "not-finite",
      `The score is ${score}: the model overflowed. Load it with precision fp32.`,
    );
  }
  const map = { size: bundle.manifest.map, values };
  return { score, map, regions: findRegions(map, picture.threshold), inferMs };
}

async function runModel(
  bundle: Bundle,
  run: Run,
  data: Uint8Array,
): Promise<{ readonly score: number; readonly values: Float32Array }> {
  const { width, height } = bundle.manifest.input;
  if (data.byteLength !== width * height * 3) {
    throw new InferenceError(
      "wrong-size",
      `The picture has ${data.byteLength} bytes; bundle ${bundle.manifest.id} takes RGB8 of ${width}×${height}.`,
    );
  }
  const { score, map } = await run({ image: { dims: [1, height, width, 3], data } });
  const pixels = bundle.manifest.map.width * bundle.manifest.map.height;
  if (score?.data.length !== 1 || map?.data.length !== pixels) {
    throw new ModelError(
      "bundle-invalid",
      `The model of bundle ${bundle.manifest.id} does not give score [1] and map [1, ${bundle.manifest.map.height}, ${bundle.manifest.map.width}].`,
    );
  }
  return { score: score.data[0] ?? Number.NaN, values: map.data };
}
