import type { Ops, Weights } from "../../graph/ops.ts";
import { tf } from "../../graph/tf.ts";
import { tfOps } from "../../graph/tf-ops.ts";
import { TfWeights } from "../../graph/tf-weights.ts";
import type { FeatureBatches, Level } from "../method.ts";
import { featureTensors } from "../shared/feature-tensors.ts";

/** A part of a network text with one result. */
export type Text = <T>(ops: Ops<T>, features: readonly T[]) => T;

/** What a text gives for each batch of features, [n, H, W, C] as it lies in memory: the text that is exported, not a copy. */
export async function* runText(
  text: Text,
  weights: Weights,
  { levels, batches }: { readonly levels: readonly Level[]; readonly batches: FeatureBatches },
): AsyncGenerator<Float32Array> {
  const variables = new TfWeights(weights, new Set());
  try {
    for await (const records of batches)
      yield tf.tidy(
        () => text(tfOps(variables, "infer"), featureTensors(levels, records)).dataSync() as Float32Array,
      );
  } finally {
    variables.dispose();
  }
}
