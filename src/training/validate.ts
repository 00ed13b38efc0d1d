import { TrainingError } from "../domain/errors.ts";
import { scoreDifference } from "../domain/score-difference.ts";
import { tfOps } from "../graph/tf-ops.ts";
import { TfWeights } from "../graph/tf-weights.ts";
import { tf } from "../graph/tf.ts";
import type { Judgement } from "../preprocess/tiled-picture.ts";
import {
  inspectorOf,
  withInspector,
  wholePictures,
  type Candidate,
  type ScorePicture,
  type ScoreScale,
} from "./inspector-export.ts";
import { pictureTensor } from "./tensors.ts";
import type { Finishing } from "./work.ts";

/** Real pictures that pass the parity gate and become the bundle's golden frames. */
const GOLDEN_FRAMES = 8;

/** Largest allowed `scoreDifference` of trainer and ONNX Runtime. */
const PARITY_LIMIT = 1e-3;

export interface GoldenFrame {
  readonly picture: Uint8Array;
  /** By the trainer's own interpreter. */
  readonly score: number;
}

/**
 * The parity gate on held-out pictures (training pictures fill up where there are few).
 * @throws TrainingError `parity`
 */
export async function validate(
  candidate: Candidate,
  work: Finishing & { readonly scale: ScoreScale; readonly model: Uint8Array },
): Promise<{ golden: readonly GoldenFrame[]; parityMaxAbs: number }> {
  const { job, normals, progress, scale, model, split } = work;
  progress.stage("validate", { done: 0, message: "trainer against ONNX Runtime on real frames" });
  const indices = [...split.heldOut, ...split.train].slice(0, GOLDEN_FRAMES);
  const pictures: Uint8Array[] = [];
  for (const index of indices) pictures.push(await normals.pictures.read(index));
  const { maxAbs, scores } = await compare(candidate, scale, model, pictures, job.threads);
  if (!(maxAbs <= PARITY_LIMIT)) throw parityError(maxAbs, normals.words);
  return {
    golden: pictures.map((picture, at) => ({ picture, score: scores[at] ?? NaN })),
    parityMaxAbs: maxAbs,
  };
}

interface Parity {
  /** Largest difference of score or map; NaN if any is not finite. */
  readonly maxAbs: number;
  /** The trainer's own scores of the pictures: the golden frames' expectation. */
  readonly scores: readonly number[];
}

/** @param cleaning words on the good parts: where they hardly differ, what float32 rounds is much in their deviations */
function parityError(maxAbs: number, cleaning: string): TrainingError {
  return new TrainingError(
    "parity",
    `the exported model does not reproduce the trainer: largest difference ${maxAbs.toPrecision(3)} deviations of good parts, ` +
      `allowed ${PARITY_LIMIT}. The model is not promoted. ${cleaning} If all good pictures are nearly the same one, their ` +
      "deviation is too small to measure by: collect parts as the line makes them. Else please report this with the job's folder",
  );
}

/** Real pictures through the trainer's interpreter (tfjs) and through the exported file (ONNX Runtime). */
async function compare(
  candidate: Candidate,
  scale: ScoreScale,
  model: Uint8Array,
  pictures: readonly Uint8Array[],
  threads: number,
): Promise<Parity> {
  const { size, view } = candidate;
  const expected = await scoreWithTrainer(candidate, scale, pictures);
  const actual = await withInspector(model, { size, tiles: view.tiles, threads }, scoring(pictures));
  const maxAbs = Math.max(...expected.map((scored, index) => difference(scored, actual[index]!)));
  return { maxAbs, scores: expected.map(({ score }) => score) };
}

const scoring =
  (pictures: readonly Uint8Array[]) =>
  async (score: ScorePicture): Promise<Judgement[]> => {
    const all: Judgement[] = [];
    for (const picture of pictures) all.push(await score(picture));
    return all;
  };

/** Score and map of pictures by tfjs, from the same text and weights that are exported. */
async function scoreWithTrainer(
  candidate: Candidate,
  scale: ScoreScale,
  pictures: readonly Uint8Array[],
): Promise<Judgement[]> {
  const { network, weights } = inspectorOf(candidate, scale);
  const variables = new TfWeights(weights, new Set());
  try {
    const ops = tfOps(variables, "infer");
    const scoreInput = (picture: Uint8Array): Judgement =>
      tf.tidy(() => {
        const [score, map] = network(ops, [pictureTensor([picture], candidate.size)]);
        return {
          score: score?.dataSync()[0] ?? NaN,
          map: (map?.dataSync() as Float32Array | undefined) ?? new Float32Array(),
        };
      });
    return await scoring(pictures)(
      wholePictures(candidate.view.tiles, (picture) => Promise.resolve(scoreInput(picture))),
    );
  } finally {
    variables.dispose();
  }
}

/** Largest difference of score and map; NaN where either side is not finite, so that no comparison can pass it. */
function difference(trainer: Judgement, runtime: Judgement): number {
  let worst = scoreDifference(trainer.score, runtime.score);
  for (let i = 0; i < trainer.map.length; i += 1)
    worst = Math.max(worst, scoreDifference(trainer.map[i]!, runtime.map[i]!));
  return Number.isFinite(worst) ? worst : NaN;
}
