import type { Ops, Weights } from "../../graph/ops.ts";
import { tf } from "../../graph/tf.ts";
import { tfOps } from "../../graph/tf-ops.ts";
import { TfWeights } from "../../graph/tf-weights.ts";
import type { FeatureBatches, Level } from "../method.ts";
import { featureTensors } from "./feature-tensors.ts";

/** A part of a network text with one result. */
export type Text = <T>(ops: Ops<T>, features: readonly T[]) => T;

/**
 * What a text gives for each batch of features, [n, H, W, C]: the text that is exported, not a copy. Each tensor is
 * disposed when the next is asked for. Copying one to JavaScript costs about 0.2 µs a number: look at small ones only.
 */
export async function* runText(
  text: Text,
  weights: Weights,
  { levels, batches }: { readonly levels: readonly Level[]; readonly batches: FeatureBatches },
): AsyncGenerator<tf.Tensor4D> {
  const variables = new TfWeights(weights, new Set());
  const shapes = levels.map(({ shape }) => shape);
  try {
    for await (const records of batches) {
      const result = tf.tidy(() => text(tfOps(variables, "infer"), featureTensors(shapes, records)));
      try {
        yield result;
      } finally {
        result.dispose();
      }
    }
  } finally {
    variables.dispose();
  }
}
