import { tf } from "../../graph/tf.ts";
import { zip } from "../../graph/zip.ts";
import type { Level } from "../method.ts";

/** Feature records as they lie in memory to tensors [n, H, W, C], one a level. Dispose them, or call in tf.tidy. */
export function featureTensors(levels: readonly Level[], records: readonly Float32Array[]): tf.Tensor4D[] {
  return zip(levels, records).map(([{ shape }, record]) => {
    const { c, h, w } = shape;
    return tf.tensor4d(record, [record.length / (c * h * w), h, w, c], "float32");
  });
}
