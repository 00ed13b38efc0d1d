import type { Shape } from "../graph/ops.ts";
import { tf } from "../graph/tf.ts";

/** Feature records [n, H, W, C] of each level as tensors; the caller disposes them. */
export function featureTensors(records: readonly Float32Array[], shapes: readonly Shape[]): tf.Tensor4D[] {
  return records.map((record, index) => {
    const { c, h, w } = shapes[index]!;
    return tf.tensor4d(record, [record.length / (c * h * w), h, w, c], "float32");
  });
}
