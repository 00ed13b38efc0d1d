/**
 * One network text, many interpreters (architecture.md §4). A network is written once against `Ops<T>`; `tf-ops` runs it
 * to train, `onnx-ops` writes it to export, `cost` counts it and lists its weights. All sizes are those of ONE picture in
 * channels × height × width; every interpreter has its own memory layout (tfjs NHWC with a batch, ONNX [1, C, H, W]).
 */

/** Size of a feature map: channels, height, width. */
export interface Shape {
  readonly c: number;
  readonly h: number;
  readonly w: number;
}

/** A weight as PyTorch and ONNX keep it: convolution [out, in/groups, kh, kw], vector [n], matrix [rows, cols]. Row-major. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights by name, e.g. `student.up2.conv.weight`. */
export type Weights = ReadonlyMap<string, Weight>;

export interface ConvOptions {
  /** Output channels. */
  readonly filters: number;
  /** Square kernel. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Pixels on every side, or TensorFlow's "same" (asymmetric at stride 2: the odd pixel goes right and bottom). Default: floor(kernel/2). */
  readonly padding?: number | "same-tf";
  /** Depthwise: one filter a channel; `filters` must equal the input's channels. Weight [C, 1, kh, kw]. Default false. */
  readonly depthwise?: boolean;
  /** Adds `<name>.bias` [filters]. Default false. */
  readonly bias?: boolean;
}

/**
 * The operations a network may use. Names are weight prefixes, PyTorch style: `conv2d(x, "blocks.0.dw", …)` uses
 * `blocks.0.dw.weight` (and `.bias`), `batchNorm(x, "blocks.0.bn1")` uses `.weight .bias .running_mean .running_var`.
 */
export interface Ops<T> {
  shape(x: T): Shape;

  conv2d(x: T, name: string, options: ConvOptions): T;
  /** Kernel 2, stride 2, no padding, no bias: doubles height and width. Weight `<name>.weight` [in, out, 2, 2] (PyTorch layout). */
  convTranspose2x(x: T, name: string, filters: number): T;
  /** The matrix of a 1×1 convolution of that name used the other way round, without its bias. Weight `<name>.weight` [in, filters, 1, 1]. */
  convTranspose1x1(x: T, name: string, filters: number): T;
  /** Over channels. `epsilon` default 1e-5. Training interpreters use batch statistics and update the running ones. */
  batchNorm(x: T, name: string, epsilon?: number): T;

  relu(x: T): T;
  relu6(x: T): T;
  tanh(x: T): T;
  sigmoid(x: T): T;
  square(x: T): T;
  /** Of values ≥ 0; its gradient at 0 is infinite. */
  sqrt(x: T): T;

  /** Element-wise; a map with one channel is broadcast over the channels of the other (either side). */
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  /** The larger of both. */
  maximum(a: T, b: T): T;
  /** The divisor must not come near 0. */
  div(a: T, b: T): T;
  /** x * factor + offset, scalars fixed when the network is written. */
  affine(x: T, factor: number, offset: number): T;
  /** Channel-wise constant or a whole map, from weight `<name>` of shape [C] or [C, H, W] (not trained). x + weight. */
  addConstant(x: T, name: string, shape: readonly number[]): T;
  /** x * weight `<name>` (not trained); `shape` [C] (default), [C, H, W], or [1, H, W]: the same for all channels. */
  mulConstant(x: T, name: string, shape?: readonly number[]): T;

  concat(xs: readonly T[]): T;
  /** Channels from..to-1. */
  sliceChannels(x: T, from: number, to: number): T;
  /** Channel-wise reductions to one channel. */
  sumChannels(x: T): T;
  meanChannels(x: T): T;
  maxChannels(x: T): T;
  /** log Σ exp over channels, computed stably. One channel. */
  logSumExpChannels(x: T): T;
  /** Shares over channels that sum to 1. FP32 island in FP16 exports. */
  softmaxChannels(x: T): T;
  /** x / max(‖x‖₂ over channels, 1e-8) (torch.nn.functional.cosine_similarity's guard). FP32 island in FP16 exports. */
  normalizeChannels(x: T): T;

  /** Average over kernel × kernel, stride = kernel, no padding. */
  avgPool(x: T, kernel: number): T;
  /** kernel 3, stride 2, padding 1 (ResNet stem), -inf padding. */
  maxPool3x3s2(x: T): T;
  /** Nearest neighbour, factor 2. */
  upsample2x(x: T): T;
  /**
   * left · X · rightᵀ for every channel: any separable linear resampling (bilinear up-sampling and Gaussian blur folded
   * into one constant matrix each; see methods/shared/resample.ts). `left` [h', h], `right` [w', w] are given as data.
   */
  resample(x: T, left: Weight, right: Weight): T;
  /**
   * Cuts a map into count × count equal crops, runs `inside` on each of them alone (a convolution sees zeros beyond the crop,
   * not its neighbour) and puts the results together again. `inside` may look at its crop only; weights are shared, and a
   * training batch norm counts all crops as one batch. Done by reshaping: crops become the batch, the work stays the same.
   */
  perCrop(x: T, count: number, inside: (crop: T) => readonly T[]): readonly T[];
  /** Highest value over everything: shape 1 × 1 × 1. */
  maxAll(x: T): T;
}

/** Written once, run by every interpreter. */
export type Network = <T>(ops: Ops<T>, inputs: readonly T[]) => readonly T[];
