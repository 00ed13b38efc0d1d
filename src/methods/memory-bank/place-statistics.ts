import type { Shape, Weight } from "../../graph/ops.ts";
import { tf } from "../../graph/tf.ts";

/** Added to every variance, whose mean over all places is about 1: PaDiM's ε I (§III-B: ε = 0.01). */
const EPSILON = 0.01;

/** Mean and variance of each channel at each place, batch after batch (Chan, Golub & LeVeque 1979). Owns tensors. */
export class PlaceStatistics {
  #mean: tf.Tensor;
  /** Sum of squared differences from the mean. */
  #squares: tf.Tensor;
  #count = 0;

  constructor({ c, h, w }: Shape) {
    this.#mean = tf.zeros([h, w, c]);
    this.#squares = tf.zeros([h, w, c]);
  }

  /** @param features of pictures [n, h, w, C]; stays the caller's */
  add(features: tf.Tensor4D): void {
    const added = features.shape[0];
    const count = this.#count + added;
    const { mean, squares } = tf.tidy(() => {
      const own = tf.mean<tf.Tensor>(features, 0);
      const change = tf.sub<tf.Tensor>(own, this.#mean);
      const within = tf.sum<tf.Tensor>(tf.squaredDifference(features, own), 0);
      const between = tf.mul<tf.Tensor>(tf.square(change), (this.#count * added) / count);
      return {
        mean: tf.add<tf.Tensor>(this.#mean, tf.mul(change, added / count)),
        squares: tf.addN<tf.Tensor>([this.#squares, within, between]),
      };
    });
    this.dispose();
    [this.#mean, this.#squares, this.#count] = [mean, squares, count];
  }

  /** `gaussian.mean` (negative) and `gaussian.scale` = (variance + ε)^-½, both [C, h, w]. */
  weights(): { readonly mean: Weight; readonly scale: Weight } {
    const variance = (): tf.Tensor => tf.div(this.#squares, Math.max(this.#count - 1, 1));
    return {
      mean: channelsFirst(() => tf.neg(this.#mean)),
      scale: channelsFirst(() => tf.rsqrt(tf.add(variance(), EPSILON))),
    };
  }

  dispose(): void {
    tf.dispose([this.#mean, this.#squares]);
  }
}

/** A map [h, w, C] in PyTorch's order. */
function channelsFirst(map: () => tf.Tensor): Weight {
  const planes = tf.tidy(() => tf.transpose(map(), [2, 0, 1]));
  const weight = { shape: planes.shape, data: Float32Array.from(planes.dataSync()) };
  planes.dispose();
  return weight;
}
