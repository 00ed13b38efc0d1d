import { tf } from "../../graph/tf.ts";
import { zip } from "../../graph/zip.ts";

/**
 * Asymmetric distillation loss of ADPS (arXiv 2210.10495): the mean over locations of (1 − Y)(1 − cos) + Y·cos, summed over
 * levels: the student agrees with the teacher on what is normal and contradicts it on what is not.
 * @param cosines [B, h, w, 1] in −1..1, per level   @param labels same shapes, 0 or 1 (1: synthetic anomaly)
 */
export function asymmetricLoss(cosines: readonly tf.Tensor4D[], labels: readonly tf.Tensor4D[]): tf.Scalar {
  const terms = zip(cosines, labels).map(([cosine, label]) => {
    const normal = tf.mul(tf.sub(1, label), tf.sub(1, cosine));
    return tf.mean(tf.add(normal, tf.mul(label, cosine)));
  });
  return tf.addN(terms) as tf.Scalar;
}
