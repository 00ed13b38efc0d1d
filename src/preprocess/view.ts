import type { Weight, Weights } from "../graph/ops.ts";
import type { Size } from "../domain/inspection.ts";
import { UNJUDGED } from "./ignored-places.ts";
import { preprocessWeights, UNCHANGED, type Preprocess } from "./preprocess-network.ts";
import type { TilePlan } from "./tiled-picture.ts";

/** How a model looks at pictures: settled in training, kept in its bundle. */
export interface View {
  /** In the graph, before the teacher. */
  readonly preprocess: Preprocess;
  /** In the graph, after the map: 1 where it counts, of the model's input size; null: everywhere. */
  readonly judged: Uint8Array | null;
  /** Outside of the graph: how a larger picture is cut; null: a picture is one model input. */
  readonly tiles: TilePlan | null;
}

/** One model input, all of it judged, as it is. */
export const PLAIN_VIEW: View = { preprocess: UNCHANGED, judged: null, tiles: null };

export const JUDGED_INSIDE = "judged.inside";
export const JUDGED_OUTSIDE = "judged.outside";

/** The weights that a view adds to an inspector's (inspector-network.ts). @param size of the model's input */
export function viewWeights({ preprocess, judged }: View, size: Size): Weights {
  const weights = preprocessWeights(preprocess, size);
  if (judged === null) return weights;
  const shape = [1, size.height, size.width];
  return new Map<string, Weight>([
    ...weights,
    [JUDGED_INSIDE, { shape, data: Float32Array.from(judged) }],
    [JUDGED_OUTSIDE, { shape, data: Float32Array.from(judged, (inside) => (inside === 1 ? 0 : UNJUDGED)) }],
  ]);
}
