import { ModelError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import { exportOnnx } from "../graph/onnx-ops.ts";
import type { Network, Weights } from "../graph/ops.ts";
import { inspectorNetwork, inspectorWeights } from "../methods/inspector-network.ts";
import type { Level, TrainedMethod } from "../methods/method.ts";
import { openSession } from "../onnx/session.ts";
import { judgeInTiles, type Judgement, type TilePlan } from "../preprocess/tiled-picture.ts";
import { viewWeights, type View } from "../preprocess/view.ts";

/** A finished method on its teacher, before it is written down. */
export interface Candidate {
  readonly size: Size;
  /** Picture in 0..1 to the features of all levels, and its weights. */
  readonly teacher: { readonly network: Network; readonly weights: Weights };
  /** Levels that the method uses. */
  readonly levels: readonly Level[];
  readonly method: TrainedMethod;
  /** `Method.looksAtPictures` */
  readonly looksAtPictures: boolean;
  readonly view: View;
}

/** Standard scale of the score: mean and deviation of the held-out normals' raw scores; 0 and 1 leave it raw. */
export interface ScoreScale {
  readonly mean: number;
  readonly std: number;
}

export const RAW: ScoreScale = { mean: 0, std: 1 };

/** The candidate as one text with its weights, for any interpreter. */
export function inspectorOf(candidate: Candidate, scale: ScoreScale): { network: Network; weights: Weights } {
  const { size, teacher, levels, method, looksAtPictures, view } = candidate;
  const parts = { teacher: teacher.network, levels, method: method.network, looksAtPictures, view };
  return {
    network: inspectorNetwork(parts),
    weights: new Map([
      ...inspectorWeights(teacher.weights, method.weights, scale),
      ...viewWeights(view, size),
    ]),
  };
}

/** `inspector.onnx`: uint8 [1, H, W, 3] in; score [1] and map [1, H, W] out; nothing left to do outside. */
export function exportInspector(candidate: Candidate, scale: ScoreScale): Uint8Array {
  return exportOnnx({
    name: "inspector",
    input: { name: "image", size: candidate.size },
    outputs: ["score", "map"],
    ...inspectorOf(candidate, scale),
  });
}

/** Scores a picture, cut into tiles where the view says so. */
export type ScorePicture = (picture: Uint8Array) => Promise<Judgement>;

/** What scores whole pictures, of what scores one model input. */
export function wholePictures(tiles: TilePlan | null, score: ScorePicture): ScorePicture {
  return tiles === null ? score : judgeInTiles(tiles, score);
}

/**
 * Opens a candidate in ONNX Runtime, as the inference process would, and hands its scorer to `use`: of whole pictures with
 * `tiles`, of single model inputs without.
 */
export async function withInspector<R>(
  model: Uint8Array,
  options: { readonly size: Size; readonly threads: number; readonly tiles?: TilePlan | null },
  use: (score: ScorePicture) => Promise<R>,
): Promise<R> {
  const session = await openSession({ model, providers: ["cpu"], threads: options.threads });
  const dims = [1, options.size.height, options.size.width, 3];
  try {
    const scoreInput: ScorePicture = async (picture) => {
      const { score, map } = await session.run({ image: { dims, data: picture } });
      if (!score || !map)
        throw new ModelError("model-outputs", "the inspector has no outputs named score and map");
      return { score: score.data[0] ?? NaN, map: map.data };
    };
    return await use(wholePictures(options.tiles ?? null, scoreInput));
  } finally {
    await session.release();
  }
}
