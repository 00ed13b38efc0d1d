import type { Shape } from "../../graph/ops.ts";
import { tf } from "../../graph/tf.ts";
import { zip } from "../../graph/zip.ts";

/** Feature records as they lie in memory to tensors [n, H, W, C], one a level. Dispose them, or call in tf.tidy. */
export function featureTensors(shapes: readonly Shape[], records: readonly Float32Array[]): tf.Tensor4D[] {
  return zip(shapes, records).map(([{ c, h, w }, record]) =>
    tf.tensor4d(record, [record.length / (c * h * w), h, w, c], "float32"),
  );
}
