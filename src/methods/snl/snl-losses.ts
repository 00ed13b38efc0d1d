import { tf } from "../../graph/tf.ts";
import { zip } from "../../graph/zip.ts";

/**
 * Losses of SNL's distillation on tfjs tensors (NHWC), reconstructed from the abstract (methods.md §1.4). All are scalars,
 * sums over levels, and differentiable.
 */

const SMALLEST_NORM = 1e-8; // torch.nn.functional.cosine_similarity
/** Affinities are taken on maps about this high (less than twice as high): 16² places are 256 × 256 pairs. */
const AFFINITY_SIDE = 16;
const AFFINITY_WEIGHT = 0.5;

type Features = readonly tf.Tensor4D[];

/**
 * The four structural losses with their weights: spatial + channel + ½ (intra-affinity + inter-affinity).
 * @param targets and predictions [B, h, w, C] per level
 */
export function structureLoss(targets: Features, predictions: Features): tf.Scalar {
  const distillation = tf.add(spatialLoss(targets, predictions), channelLoss(targets, predictions));
  const affinity = tf.add(intraAffinityLoss(targets, predictions), interAffinityLoss(targets, predictions));
  return tf.add(distillation, tf.mul(affinity, AFFINITY_WEIGHT));
}

/**
 * Where a channel is strong: KL(t‖s) of the softmax over all places of a channel, mean over images and channels.
 * Third-party evidence for this term: VAND-GNL and DCAM (arXiv 2405.06467) have it.
 */
export function spatialLoss(targets: Features, predictions: Features): tf.Scalar {
  return sumOver(targets, predictions, (target, prediction) => {
    const [t, s] = [logShares(target), logShares(prediction)]; // [B, C, h·w]
    return tf.mean(tf.sum(tf.mul(tf.exp(t), tf.sub(t, s)), -1));
  });
}

/** Which channels are strong at a place: 1 − cosine over channels, mean over places and images. */
export function channelLoss(targets: Features, predictions: Features): tf.Scalar {
  return sumOver(targets, predictions, (target, prediction) =>
    tf.sub(1, tf.mean(tf.sum(tf.mul(unit(target), unit(prediction)), -1))),
  );
}

/**
 * How alike any two places of one image are: mean squared difference of the N × N cosine affinities, mean over images.
 * Maps of 32 and higher are average-pooled to about 16 first.
 */
export function intraAffinityLoss(targets: Features, predictions: Features): tf.Scalar {
  return sumOver(targets, predictions, (target, prediction) =>
    meanSquare(placeAffinity(target), placeAffinity(prediction)),
  );
}

/** How alike any two images of a batch are: mean squared difference of the B × B cosine affinities. Needs mixed batches. */
export function interAffinityLoss(targets: Features, predictions: Features): tf.Scalar {
  return sumOver(targets, predictions, (target, prediction) =>
    meanSquare(imageAffinity(target), imageAffinity(prediction)),
  );
}

/** log softmax over places: [B, C, h·w] */
function logShares(feature: tf.Tensor4D): tf.Tensor3D {
  const [batch, height, width, channels] = feature.shape;
  return tf.logSoftmax(
    tf.reshape(tf.transpose(feature, [0, 3, 1, 2]), [batch, channels, height * width]),
    -1,
  );
}

function placeAffinity(feature: tf.Tensor4D): tf.Tensor {
  const kernel = Math.max(1, Math.floor(feature.shape[1] / AFFINITY_SIDE));
  const pooled = kernel === 1 ? feature : tf.avgPool(feature, kernel, kernel, "valid");
  const [batch, height, width, channels] = pooled.shape;
  const places = unit(tf.reshape(pooled, [batch, height * width, channels])); // [B, N, C]
  return tf.matMul(places, places, false, true); // [B, N, N]
}

function imageAffinity(feature: tf.Tensor4D): tf.Tensor {
  const images = unit(tf.mean(feature, [1, 2])); // [B, C]
  return tf.matMul(images, images, false, true); // [B, B]
}

const meanSquare = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mean(tf.square(tf.sub(a, b)));

/** x / max(‖x‖, 1e-8) over the last axis; its gradient is finite at 0 too. */
function unit(x: tf.Tensor): tf.Tensor {
  const squares = tf.sum(tf.square(x), -1, true);
  return tf.mul(x, tf.rsqrt(tf.maximum(squares, SMALLEST_NORM ** 2)));
}

function sumOver(
  targets: Features,
  predictions: Features,
  loss: (target: tf.Tensor4D, prediction: tf.Tensor4D) => tf.Tensor,
): tf.Scalar {
  return tf.addN(
    zip(targets, predictions).map(([target, prediction]) => loss(target, prediction)),
  ) as tf.Scalar;
}
