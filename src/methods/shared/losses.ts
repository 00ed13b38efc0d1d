import { tf } from "../../graph/tf.ts";
import { zip } from "../../graph/zip.ts";

/** Losses of AAND's two stages on tfjs tensors (NHWC). All are scalars, sums over levels, and differentiable. */

const ALPHA = 0.8; // AAND §IV-A and official loss.py
const GAMMA = 2;
const COVERAGE = 0.3; // a location is anomalous if more than this share of it is masked
const MAX_NORMALS = 5000; // official loss.py
const MAX_ANOMALIES = 1000;
const SMALLEST_SHARE = 1e-7; // keeps log finite where the temperature is set far below the paper's 0.2
const SMALLEST_NORM = 1e-8; // torch.nn.functional.cosine_similarity

/**
 * Hard labels of a level: 1 where more than 30 % of a location is masked.
 * @param mask [B, H, W, 1], 0 or 1   @param height of the level; H and W are multiples of the level's size
 * @returns [B, h, w, 1], 0 or 1
 */
export function levelLabels(mask: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  return tf.tidy(() => {
    const pool: [number, number] = [mask.shape[1] / height, mask.shape[2] / width];
    const share = pool[0] === 1 && pool[1] === 1 ? mask : tf.avgPool(mask, pool, pool, "valid");
    return tf.cast(tf.greater(share, COVERAGE), "float32");
  });
}

/**
 * Focal loss of the gates (AAND Eq. 9 with [42]): mean of −α(1−w)²·y·log w − (1−α)w²·(1−y)·log(1−w), α 0.8 in the paper, per level.
 * @param gates [B, h, w, 1] in 0..1, per level   @param labels same shapes, 0 or 1   @param alpha weight of the anomalous
 */
export function focalLoss(
  gates: readonly tf.Tensor4D[],
  labels: readonly tf.Tensor4D[],
  alpha = ALPHA,
): tf.Scalar {
  return sum(
    zip(gates, labels).map(([gate, label]) => {
      const share = tf.clipByValue(gate, SMALLEST_SHARE, 1 - SMALLEST_SHARE);
      const rest = tf.sub(1, share);
      const missed = tf.mul(tf.mul(label, tf.pow(rest, GAMMA)), tf.log(share));
      const invented = tf.mul(tf.mul(tf.sub(1, label), tf.pow(share, GAMMA)), tf.log(rest));
      return tf.neg(tf.mean(tf.add(tf.mul(missed, alpha), tf.mul(invented, 1 - alpha))));
    }),
  );
}

/** One level of the amplification loss. */
export interface AmplifiedLevel {
  /** Vanilla teacher feature [B, h, w, C]. */
  readonly feature: tf.Tensor4D;
  /** Feature with the residual added where the label says so, same shape. */
  readonly amplified: tf.Tensor4D;
  /** [B, h, w, 1], 1 = anomalous. */
  readonly label: tf.Tensor4D;
  /** [B, h, w, 1], 1 = the product, 0 = background; null: all is product. */
  readonly foreground: tf.Tensor4D | null;
}

/**
 * Anomaly amplification loss (AAND Eq. 7 and 8): mean over pairs of ReLU(cos(f_n, f'_a) − cos(f_n, f_a) + margin), n at
 * most 5000 normal foreground locations and a at most 1000 anomalous ones, drawn over the whole batch; sum over levels.
 * A level without anomalous or without normal locations adds 0.
 * @param random numbers in [0, 1)
 */
export function amplifyLoss(
  levels: readonly AmplifiedLevel[],
  margin: number,
  random: () => number,
): tf.Scalar {
  return sum(
    levels.map(({ feature, amplified, label, foreground }) => {
      const isAnomalous = label.dataSync();
      const isProduct = foreground?.dataSync();
      const locations = [...isAnomalous.keys()];
      const normals = locations.filter((at) => isAnomalous[at] === 0 && isProduct?.[at] !== 0);
      const anomalies = locations.filter((at) => isAnomalous[at] !== 0);
      if (normals.length === 0 || anomalies.length === 0) return tf.scalar(0);
      const chosen = sample(anomalies, MAX_ANOMALIES, random);
      const normal = directions(feature, sample(normals, MAX_NORMALS, random)); // [n, C]
      const before = tf.matMul(normal, directions(feature, chosen), false, true); // [n, a]
      const after = tf.matMul(normal, directions(amplified, chosen), false, true);
      return tf.mean(tf.relu(tf.add(tf.sub(after, before), margin)));
    }),
  );
}

/** Up to `count` of the places, without repetition (all of them, in order, if there are no more). */
function sample(places: readonly number[], count: number, random: () => number): Int32Array {
  const pool = Int32Array.from(places);
  if (pool.length <= count) return pool;
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (pool.length - at));
    [pool[at], pool[other]] = [pool[other] ?? 0, pool[at] ?? 0];
  }
  return pool.slice(0, count);
}

/** Features of length 1 at these locations: [places, C]. */
function directions(feature: tf.Tensor4D, places: Int32Array): tf.Tensor2D {
  const rows = tf.reshape(feature, [-1, feature.shape[3]]);
  return normalized(tf.gather(rows, tf.tensor1d(places, "int32"))) as tf.Tensor2D;
}

/** x / max(‖x‖, 1e-8) over the last axis; its gradient is finite at 0 too. */
function normalized(x: tf.Tensor): tf.Tensor {
  const squares = tf.sum(tf.square(x), -1, true);
  return tf.div(x, tf.sqrt(tf.maximum(squares, SMALLEST_NORM ** 2)));
}

/** 1 − cos over the last axis. */
function cosineDistance(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sub(1, tf.sum(tf.mul(normalized(a), normalized(b)), -1));
}

/**
 * RD's distillation loss as its code has it (AAND Eq. 10): per level one cosine over the flattened feature of an image,
 * mean over images. The per-location form of RD's paper loses several points (methods.md §1.1).
 * @param targets and predictions [B, h, w, C] per level
 */
export function flattenedCosineLoss(
  targets: readonly tf.Tensor4D[],
  predictions: readonly tf.Tensor4D[],
): tf.Scalar {
  return sum(
    zip(targets, predictions).map(([target, prediction]) => {
      const flat = (x: tf.Tensor4D): tf.Tensor => tf.reshape(x, [x.shape[0], -1]);
      return tf.mean(cosineDistance(flat(target), flat(prediction)));
    }),
  );
}

/**
 * Hard knowledge distillation (AAND Eq. 11): mean of the K largest cosine distances of each image, mean over images.
 * @param count K, the same at every level (paper 10); fewer if a level is smaller
 */
function hardCosineLoss(
  targets: readonly tf.Tensor4D[],
  predictions: readonly tf.Tensor4D[],
  count: number,
): tf.Scalar {
  return sum(
    zip(targets, predictions).map(([target, prediction]) =>
      meanOfLargest(perImage(cosineDistance(target, prediction)), count),
    ),
  );
}

/** Weight and size of the hard part of a distillation loss. */
export interface HardTerm {
  /** K largest locations of each image and level. */
  readonly count: number;
  readonly weight: number;
}

/**
 * Squared error of whitened features: per level the mean over locations of e = mean_c (t − s)², plus `weight` times the
 * mean of the K largest e of each image (accuracy.md, recipe as measured).
 */
export function whitenedLoss(
  targets: readonly tf.Tensor4D[],
  predictions: readonly tf.Tensor4D[],
  hard: HardTerm,
): tf.Scalar {
  return sum(
    zip(targets, predictions).map(([target, prediction]) => {
      const errors = perImage(tf.mean(tf.square(tf.sub(target, prediction)), -1));
      const all = tf.mean(errors);
      return hard.weight === 0 ? all : tf.add(all, tf.mul(meanOfLargest(errors, hard.count), hard.weight));
    }),
  );
}

/** The paper's stage-2 loss: flattened cosine plus `weight` times the K hardest locations. */
export function cosineDistillLoss(
  targets: readonly tf.Tensor4D[],
  predictions: readonly tf.Tensor4D[],
  hard: HardTerm,
): tf.Scalar {
  const flat = flattenedCosineLoss(targets, predictions);
  if (hard.weight === 0) return flat;
  return tf.add(flat, tf.mul(hardCosineLoss(targets, predictions, hard.count), hard.weight));
}

const perImage = (distances: tf.Tensor): tf.Tensor2D => tf.reshape(distances, [distances.shape[0], -1]);

/**
 * Mean of the `count` largest values of each row, mean over rows. tfjs has no gradient for topk, so it is given here:
 * an equal share to each chosen place.
 */
function meanOfLargest(values: tf.Tensor2D, count: number): tf.Scalar {
  const [rows, columns] = values.shape;
  const chosen = Math.min(count, columns);
  const operation = tf.customGrad((x, save) => {
    const { values: largest, indices } = tf.topk(x as tf.Tensor2D, chosen);
    (save as tf.GradSaveFunc)([indices]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      saved.map((places) => {
        const hot = tf.sum(tf.oneHot(tf.cast(places, "int32"), columns), 1); // [rows, columns]
        return tf.mul(tf.cast(hot, "float32"), tf.div(dy, rows * chosen));
      });
    return { value: tf.mean(largest), gradFunc };
  });
  return operation(values) as tf.Scalar;
}

function sum(terms: readonly tf.Tensor[]): tf.Scalar {
  return tf.addN([...terms]) as tf.Scalar;
}
