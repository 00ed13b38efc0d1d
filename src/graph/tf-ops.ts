import { convOutput, convPads } from "./conv-size.ts";
import { cropOf } from "./crop-size.ts";
import type { ConvOptions, Ops, Shape, Weight } from "./ops.ts";
import { activation, conv2d, depthwiseConv2d, trainingBatchNorm, upsample2x } from "./tf-differentiable.ts";
import type { ConvAttributes } from "./tf-differentiable.ts";
import type { TensorSource } from "./tf-weights.ts";
import { tf } from "./tf.ts";

const MOMENTUM = 0.1; // torch.nn.BatchNorm2d's default

/**
 * Runs a network in TensorFlow on batches [B, H, W, C]; every operation has a gradient. Call inside tf.tidy.
 * @param variables usually a `TfWeights`
 * @param mode `train`: batch norm uses the batch's statistics and updates the running ones; `infer`: the running ones.
 */
export function tfOps(variables: TensorSource, mode: "train" | "infer"): Ops<tf.Tensor4D> {
  return {
    shape: shapeOf,
    ...layers(variables, mode),
    ...elementwise(variables),
    ...channels,
    ...spatial,
  };
}

function shapeOf({ shape: [, h, w, c] }: tf.Tensor4D): Shape {
  return { c, h, w };
}

function convAttributes(input: Shape, name: string, options: ConvOptions): ConvAttributes {
  const { h, w } = convOutput(input, name, options);
  const { stride = 1, kernel } = options;
  const { top, bottom, left, right } = convPads(input, options);
  const same = convPads(input, { ...options, padding: "same-tf" });
  const isValid = top + bottom + left + right === 0;
  const isSame =
    same.top === top && same.bottom === bottom && same.left === left && same.right === right && kernel > 1;
  const fitsSame = h === Math.ceil(input.h / stride) && w === Math.ceil(input.w / stride);
  const padding = isValid ? "VALID" : isSame && fitsSame ? "SAME" : "EXPLICIT";
  return { stride, padding, pads: [top, bottom, left, right] };
}

type Layers = Pick<Ops<tf.Tensor4D>, "conv2d" | "convTranspose2x" | "convTranspose1x1" | "batchNorm">;

function layers(variables: TensorSource, mode: "train" | "infer"): Layers {
  return {
    conv2d: (x, name, options) => {
      const attributes = convAttributes(shapeOf(x), name, options);
      const weight = variables.get(`${name}.weight`);
      const output =
        options.depthwise === true
          ? depthwiseConv2d(x, depthwiseFilter(weight), attributes)
          : conv2d(x, weight, attributes);
      return options.bias === true ? tf.add(output, variables.get(`${name}.bias`)) : output;
    },
    convTranspose2x: (x, name, filters) => convTranspose2x(x, variables.get(`${name}.weight`), filters),
    convTranspose1x1: (x, name, filters) => convTranspose1x1(x, variables.get(`${name}.weight`), filters),
    batchNorm: (x, name, epsilon = 1e-5) => {
      const mean = variables.get(`${name}.running_mean`);
      const variance = variables.get(`${name}.running_var`);
      const scale = variables.get(`${name}.weight`);
      const offset = variables.get(`${name}.bias`);
      if (mode === "infer") {
        const vector = (tensor: tf.Tensor) => tensor as tf.Tensor1D;
        return tf.batchNorm4d(x, vector(mean), vector(variance), vector(offset), vector(scale), epsilon);
      }
      const trained = trainingBatchNorm(
        x,
        { scale, offset, mean, variance },
        { epsilon, momentum: MOMENTUM },
      );
      variables.setStatistic(`${name}.running_mean`, trained.mean);
      variables.setStatistic(`${name}.running_var`, trained.variance);
      return trained.y;
    },
  };
}

// [C, 1, kh, kw] of PyTorch is held as [kh, kw, 1, C]; the kernel wants [kh, kw, C, 1]: the same numbers in the same order
function depthwiseFilter(weight: tf.Tensor): tf.Tensor {
  const [height = 1, width = 1, , channelCount = 1] = weight.shape;
  return tf.reshape(weight, [height, width, channelCount, 1]);
}

// kernel 2, stride 2 does not overlap: one matrix product, then the four results of a pixel take their places
function convTranspose2x(x: tf.Tensor4D, weight: tf.Tensor, filters: number): tf.Tensor4D {
  const [batch, height, width, channelCount] = x.shape;
  const pixels = tf.reshape(x, [batch * height * width, channelCount]);
  const matrix = tf.reshape(tf.transpose(weight, [3, 0, 1, 2]), [channelCount, 4 * filters]); // [in, kh kw out]
  const results = tf.reshape(tf.matMul(pixels, matrix), [batch * height, width, 2, 2 * filters]);
  const rows = tf.transpose(results, [0, 2, 1, 3]); // [B H, kh, W, kw out]
  return tf.reshape(rows, [batch, 2 * height, 2 * width, filters]);
}

function convTranspose1x1(x: tf.Tensor4D, weight: tf.Tensor, filters: number): tf.Tensor4D {
  const [batch, height, width, channelCount] = x.shape;
  const pixels = tf.reshape(x, [-1, channelCount]);
  const matrix = tf.reshape(weight, [filters, channelCount]); // held as [1, 1, out, in]
  return tf.reshape(tf.matMul(pixels, matrix, false, true), [batch, height, width, filters]);
}

type Elementwise = Pick<
  Ops<tf.Tensor4D>,
  | ("relu" | "relu6" | "tanh" | "sigmoid" | "square" | "sqrt")
  | ("add" | "sub" | "mul" | "maximum" | "div" | "affine" | "addConstant" | "mulConstant")
>;

/** tfjs gives no gradient of a maximum that broadcasts. */
function sameShape(a: tf.Tensor4D, b: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const wider = a.shape[3] >= b.shape[3] ? a.shape : b.shape;
  const grown = (x: tf.Tensor4D): tf.Tensor4D => (x.shape[3] === wider[3] ? x : tf.broadcastTo(x, wider));
  return [grown(a), grown(b)];
}

function elementwise(variables: TensorSource): Elementwise {
  return {
    ...activation,
    square: (x) => tf.square(x),
    sqrt: (x) => tf.sqrt(x),
    add: (a, b) => tf.add(a, b),
    sub: (a, b) => tf.sub(a, b),
    mul: (a, b) => tf.mul(a, b),
    maximum: (a, b) => tf.maximum(...sameShape(a, b)),
    div: (a, b) => tf.div(a, b),
    affine: (x, factor, offset) => {
      const scaled = factor === 1 ? x : tf.mul<tf.Tensor4D>(x, factor);
      return offset === 0 ? scaled : tf.add(scaled, offset);
    },
    addConstant: (x, name) => tf.add(x, variables.get(name)),
    mulConstant: (x, name) => tf.mul(x, variables.get(name)),
  };
}

const CHANNEL_AXIS = 3;

const channels: Pick<
  Ops<tf.Tensor4D>,
  | "concat"
  | "sliceChannels"
  | "sumChannels"
  | "meanChannels"
  | "maxChannels"
  | "logSumExpChannels"
  | "softmaxChannels"
  | "normalizeChannels"
> = {
  concat: (maps) => tf.concat([...maps], CHANNEL_AXIS),
  sliceChannels: (x, from, to) => tf.slice(x, [0, 0, 0, from], [-1, -1, -1, to - from]),
  sumChannels: (x) => tf.sum(x, CHANNEL_AXIS, true),
  meanChannels: (x) => tf.mean(x, CHANNEL_AXIS, true),
  maxChannels: (x) => tf.max(x, CHANNEL_AXIS, true),
  logSumExpChannels: (x) => tf.logSumExp(x, CHANNEL_AXIS, true),
  softmaxChannels: (x) => tf.softmax(x, CHANNEL_AXIS),
  normalizeChannels: (x) => {
    const squaredNorm = tf.sum(tf.square(x), CHANNEL_AXIS, true);
    return tf.mul(x, tf.rsqrt(tf.maximum(squaredNorm, 1e-16))); // (1e-8)²
  },
};

const spatial: Pick<
  Ops<tf.Tensor4D>,
  "avgPool" | "maxPool3x3s2" | "upsample2x" | "resample" | "maxAll" | "perCrop"
> = {
  avgPool: (x, kernel) => tf.avgPool(x, kernel, kernel, "valid"),
  maxPool3x3s2: (x) => {
    const border: [number, number][] = [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ];
    return tf.maxPool<tf.Tensor4D>(tf.pad(x, border, -Infinity), 3, 2, "valid");
  },
  upsample2x,
  resample,
  maxAll: (x) => tf.max(x, [1, 2, 3], true),
  perCrop: (x, count, inside) => inside(cut(x, count)).map((crops) => join(crops, count)),
};

/** [B, H, W, C] → [B·count², H/count, W/count, C], the crops of a picture row by row. */
function cut(x: tf.Tensor4D, count: number): tf.Tensor4D {
  const { c, h, w } = cropOf(shapeOf(x), count);
  const bands = tf.reshape(x, [x.shape[0], count, h, count, w * c]);
  return tf.reshape(tf.transpose(bands, [0, 1, 3, 2, 4]), [x.shape[0] * count ** 2, h, w, c]);
}

/** The inverse of `cut`, for results of any size. */
function join(crops: tf.Tensor4D, count: number): tf.Tensor4D {
  const [all, h, w, c] = crops.shape;
  const batch = all / count ** 2;
  const bands = tf.transpose(tf.reshape(crops, [batch, count, count, h, w * c]), [0, 1, 3, 2, 4]);
  return tf.reshape(bands, [batch, count * h, count * w, c]);
}

/**
 * Both sides as one plain matrix product each: rows over [B·w·C, h], columns over [B·h'·C, w], always the last axis.
 */
function resample(x: tf.Tensor4D, left: Weight, right: Weight): tf.Tensor4D {
  const planes = tf.transpose(x, [0, 3, 2, 1]); // [B, C, w, h]
  const rows = tf.transpose(onLastAxis(planes, left), [0, 1, 3, 2]); // [B, C, h', w]
  return tf.transpose<tf.Tensor4D>(onLastAxis(rows, right), [0, 2, 3, 1]);
}

function onLastAxis(x: tf.Tensor4D, { shape, data }: Weight): tf.Tensor4D {
  const [first, second, third, from] = x.shape;
  const [to = 0] = shape;
  const product = tf.matMul(tf.reshape(x, [-1, from]), tf.tensor2d(data, [to, from]), false, true);
  return tf.reshape(product, [first, second, third, to]);
}
