import { attribute, runTfKernel, runTfKernel1 } from "./tf-kernel.ts";
import type { KernelAttribute } from "./tf-kernel.ts";
import { tf } from "./tf.ts";

/**
 * TensorFlow kernels with their own gradient kernels, registered with tfjs under names of ours. They replace tfjs' versions
 * where those are composed of many kernels (batch norm, activations) or lack something (explicit padding).
 * A registered gradient, unlike tf.customGrad, computes only what is asked for.
 */
interface Differentiable<A> {
  readonly name: string;
  readonly save: "inputs" | "outputs" | "both" | "none";
  /** @param inputs in the order of their names */
  forward(inputs: readonly tf.Tensor[], attributes: A): tf.Tensor[];
  backward(
    dy: readonly tf.Tensor[],
    saved: readonly tf.Tensor[],
    attributes: A,
  ): Record<string, () => tf.Tensor>;
}

type Run<A> = (inputs: tf.NamedTensorMap, attributes: A) => tf.Tensor[];

function register<A>(kernel: Differentiable<A>, inputNames: readonly string[], outputCount: number): Run<A> {
  const { name, save } = kernel;
  tf.registerKernel({
    kernelName: name,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) => {
      const ordered = inputNames.map((input) => inputs[input] as tf.Tensor);
      return kernel.forward(ordered, attrs as A);
    },
  });
  tf.registerGradient({
    kernelName: name,
    inputsToSave: save === "inputs" || save === "both" ? [...inputNames] : [],
    outputsToSave: Array.from({ length: outputCount }, () => save === "outputs" || save === "both"),
    gradFunc: (dy, saved, attrs) => kernel.backward(Array.isArray(dy) ? dy : [dy], saved, attrs as A),
  });
  return (inputs, attributes) => {
    const outputs = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}

function at(tensors: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = tensors[index];
  if (!tensor) throw new TypeError(`kernel gave ${tensors.length} tensors, number ${index} was expected`);
  return tensor;
}

/** How a convolution kernel is to run; `pads` top, bottom, left, right where the padding is EXPLICIT. */
export interface ConvAttributes {
  readonly stride: number;
  readonly padding: "SAME" | "VALID" | "EXPLICIT";
  readonly pads: readonly [number, number, number, number];
}

function convAttributes({ stride, padding, pads }: ConvAttributes): KernelAttribute[] {
  const common = [
    attribute.floatType("T"),
    attribute.int("strides", [1, stride, stride, 1]),
    attribute.string("padding", padding),
    attribute.string("data_format", "NHWC"),
  ];
  return padding === "EXPLICIT"
    ? [...common, attribute.int("explicit_paddings", [0, 0, ...pads, 0, 0])]
    : common;
}

function registerConv(
  name: string,
  kernels: { forward: string; input: string; filter: string },
): Run<ConvAttributes> {
  const sizes = (tensor: tf.Tensor) => tf.tensor1d(tensor.shape, "int32");
  return register<ConvAttributes>(
    {
      name,
      save: "inputs",
      forward: (inputs, attrs) => [runTfKernel1(kernels.forward, convAttributes(attrs), inputs)],
      backward: (dy, saved, attrs) => {
        const [x, filter, change] = [at(saved, 0), at(saved, 1), at(dy, 0)];
        const options = convAttributes(attrs);
        return {
          x: () => runTfKernel1(kernels.input, options, [sizes(x), filter, change]),
          filter: () => runTfKernel1(kernels.filter, options, [x, sizes(filter), change]),
        };
      },
    },
    ["x", "filter"],
    1,
  );
}

const runConv = registerConv("AssaydConv2d", {
  forward: "Conv2D",
  input: "Conv2DBackpropInput",
  filter: "Conv2DBackpropFilter",
});
const runDepthwise = registerConv("AssaydDepthwiseConv2d", {
  forward: "DepthwiseConv2dNative",
  input: "DepthwiseConv2dNativeBackpropInput",
  filter: "DepthwiseConv2dNativeBackpropFilter",
});

/** Convolution. @param x [B, H, W, in] @param filter [kh, kw, in, out] @returns [B, H', W', out] */
export function conv2d(x: tf.Tensor, filter: tf.Tensor, attributes: ConvAttributes): tf.Tensor4D {
  return at(runConv({ x, filter }, attributes), 0) as tf.Tensor4D;
}

/** One filter a channel. @param x [B, H, W, C] @param filter [kh, kw, C, 1] @returns [B, H', W', C] */
export function depthwiseConv2d(x: tf.Tensor, filter: tf.Tensor, attributes: ConvAttributes): tf.Tensor4D {
  return at(runDepthwise({ x, filter }, attributes), 0) as tf.Tensor4D;
}

interface BatchNormAttributes {
  readonly epsilon: number;
  readonly momentum: number;
}

const batchNormOptions = (epsilon: number): KernelAttribute[] => [
  attribute.floatType("T"),
  attribute.floatType("U"),
  attribute.float("epsilon", epsilon),
  attribute.string("data_format", "NHWC"),
  attribute.bool("is_training", true),
];

const runBatchNorm = register<BatchNormAttributes>(
  {
    name: "AssaydBatchNorm",
    save: "both",
    forward: (inputs, { epsilon, momentum }) =>
      runTfKernel(
        "FusedBatchNormV3",
        [...batchNormOptions(epsilon), attribute.float("exponential_avg_factor", momentum)],
        inputs,
        6,
      ),
    backward: (dy, saved, { epsilon }) => {
      // saved: x, scale, offset, mean, variance, then the six outputs, of which 3 to 5 are kept for this kernel
      const inputs = [at(dy, 0), ...[0, 1, 8, 9, 10].map((index) => at(saved, index))];
      const gradients = runTfKernel("FusedBatchNormGradV3", batchNormOptions(epsilon), inputs, 5);
      return {
        x: () => at(gradients, 0),
        scale: () => at(gradients, 1),
        offset: () => at(gradients, 2),
        mean: () => tf.zerosLike(at(saved, 3)),
        variance: () => tf.zerosLike(at(saved, 4)),
      };
    },
  },
  ["x", "scale", "offset", "mean", "variance"],
  6,
);

/** What a batch norm needs besides its input, each [C]. `mean` and `variance` are the running ones. */
export interface BatchNormVectors {
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/**
 * Batch norm with the batch's own statistics. Also gives the running statistics after this batch, as PyTorch computes
 * them: (1 − momentum) · old + momentum · new, the new variance unbiased.
 * @param x [B, H, W, C] with B·H·W ≥ 2
 */
export function trainingBatchNorm(x: tf.Tensor, vectors: BatchNormVectors, attributes: BatchNormAttributes) {
  const outputs = runBatchNorm({ x, ...vectors }, attributes);
  return { y: at(outputs, 0) as tf.Tensor4D, mean: at(outputs, 1), variance: at(outputs, 2) };
}

type GradientInputs = (y: tf.Tensor, dy: tf.Tensor) => tf.Tensor[];

function registerActivation(kernel: string, gradientInputs: GradientInputs): (x: tf.Tensor) => tf.Tensor4D {
  const options = [attribute.floatType("T")];
  const run = register<object>(
    {
      name: `Assayd${kernel}`,
      save: "outputs",
      forward: (inputs) => [runTfKernel1(kernel, options, inputs)],
      backward: (dy, saved) => ({
        x: () => runTfKernel1(`${kernel}Grad`, options, gradientInputs(at(saved, 0), at(dy, 0))),
      }),
    },
    ["x"],
    1,
  );
  return (x) => at(run({ x }, {}), 0) as tf.Tensor4D;
}

/** Activations whose gradient is one kernel. */
export const activation = {
  relu: registerActivation("Relu", (y, dy) => [dy, y]),
  relu6: registerActivation("Relu6", (y, dy) => [dy, y]),
  tanh: registerActivation("Tanh", (y, dy) => [y, dy]),
  sigmoid: registerActivation("Sigmoid", (y, dy) => [y, dy]),
};

const runUpsample = register<object>(
  {
    name: "AssaydUpsample2x",
    save: "none",
    forward: (inputs) => {
      const [, height = 0, width = 0] = at(inputs, 0).shape;
      const size = tf.tensor1d([2 * height, 2 * width], "int32");
      const output = runTfKernel1("ResizeNearestNeighbor", [attribute.floatType("T")], [...inputs, size]);
      size.dispose();
      return [output];
    },
    // every input pixel became 2 × 2: its gradient is their sum
    backward: (dy) => ({ x: () => tf.mul(tf.avgPool(at(dy, 0) as tf.Tensor4D, 2, 2, "valid"), 4) }),
  },
  ["x"],
  1,
);

/** Nearest neighbour, twice as high and wide. @param x [B, H, W, C] */
export function upsample2x(x: tf.Tensor): tf.Tensor4D {
  return at(runUpsample({ x }, {}), 0) as tf.Tensor4D;
}
