import type { Size } from "../domain/inspection.ts";
import { tfOps } from "../graph/tf-ops.ts";
import { TfWeights } from "../graph/tf-weights.ts";
import { tf } from "../graph/tf.ts";
import { lightNetwork, type Light } from "../preprocess/light.ts";

/** RGB8 pictures as one tensor [n, H, W, 3] in 0..1; the caller disposes it. */
export function pictureTensor(pictures: readonly Uint8Array[], { width, height }: Size): tf.Tensor4D {
  return tf.tidy(() =>
    tf.div<tf.Tensor4D>(tf.tensor4d(joined(pictures), [pictures.length, height, width, 3], "float32"), 255),
  );
}

/** Samples as a student sees them in the graph: the light is made equal. As `pictureTensor` otherwise. */
export function sampleTensor(samples: readonly Uint8Array[], size: Size, light: Light | null): tf.Tensor4D {
  if (light === null) return pictureTensor(samples, size);
  return tf.tidy(() => lightNetwork(light)(tfOps(NO_WEIGHTS, "infer"), [pictureTensor(samples, size)])[0]!);
}

const NO_WEIGHTS = new TfWeights(new Map(), new Set());

/** Masks of 0 and 1 as one tensor [n, H, W, 1]; the caller disposes it. */
export function maskTensor(masks: readonly Uint8Array[], { width, height }: Size): tf.Tensor4D {
  return tf.tensor4d(joined(masks), [masks.length, height, width, 1], "float32");
}

/**
 * Where the product is, as `maskTensor`; null if it is everywhere on each picture.
 * @param products a mask each; null: everywhere
 */
export function foregroundTensor(products: readonly (Uint8Array | null)[], size: Size): tf.Tensor4D | null {
  if (products.every((mask) => mask === null)) return null;
  const everywhere = new Uint8Array(size.width * size.height).fill(1);
  return maskTensor(
    products.map((mask) => mask ?? everywhere),
    size,
  );
}

function joined(parts: readonly Uint8Array[]): Float32Array {
  const length = parts[0]?.length ?? 0;
  const all = new Float32Array(parts.length * length);
  for (const [position, part] of parts.entries()) all.set(part, position * length);
  return all;
}
