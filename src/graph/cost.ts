import { ModelError } from "../domain/errors.ts";
import { convOutput } from "./conv-size.ts";
import { cropOf, joinedOf } from "./crop-size.ts";
import type { ConvOptions, Network, Ops, Shape } from "./ops.ts";

/** What a weight is for: decides how it is initialised and whether it counts as a parameter. */
export type WeightKind = "conv" | "bias" | "bn-scale" | "bn-shift" | "bn-mean" | "bn-variance" | "constant";

/** One weight a network asks for, in PyTorch's layout. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: WeightKind;
}

/** What a network costs for one picture. */
export interface NetworkCost {
  /** Multiply-accumulates of convolutions and resampling matrices; element-wise work and poolings are not counted. */
  readonly macs: number;
  /** Trainable numbers as PyTorch counts them: convolutions, biases, batch-norm scale and shift; shared ones once. */
  readonly parameters: number;
  readonly outputs: Shape[];
  /** In the order of first use, shared ones once. */
  readonly weights: WeightSpec[];
}

const TRAINABLE: readonly WeightKind[] = ["conv", "bias", "bn-scale", "bn-shift"];

/** Whether training changes it; running statistics and constants are not parameters. */
export const isTrainable = ({ kind }: Pick<WeightSpec, "kind">): boolean => TRAINABLE.includes(kind);

/**
 * Runs a network on shapes alone: multiply-accumulates, parameters, output shapes, and the weights it needs.
 * @param inputs one shape per network input
 * @throws ModelError if sizes do not fit, or one weight name is used with two shapes.
 */
export function countCost(network: Network, inputs: readonly Shape[]): NetworkCost {
  const tally = new Tally();
  const outputs = [...network(costOps(tally), inputs)];
  const weights = [...tally.weights.values()];
  const parameters = weights
    .filter(isTrainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return { macs: tally.macs, parameters, outputs, weights };
}

class Tally {
  macs = 0;
  readonly weights = new Map<string, WeightSpec>();

  weight(name: string, shape: readonly number[], kind: WeightKind): void {
    const known = this.weights.get(name);
    if (known && known.shape.join() !== shape.join()) {
      throw new ModelError(
        "weight-shape",
        `Weight ${name} is used as [${known.shape.join(", ")}] and as [${shape.join(", ")}]; give one of them another name.`,
      );
    }
    if (!known) this.weights.set(name, { name, shape, kind });
  }
}

/** Shape of an element-wise operation; a map with one channel is broadcast. @throws ModelError `shape-mismatch` */
export function broadcastShape(a: Shape, b: Shape): Shape {
  if (a.h === b.h && a.w === b.w && (a.c === b.c || a.c === 1 || b.c === 1)) {
    return { ...a, c: Math.max(a.c, b.c) };
  }
  throw new ModelError(
    "shape-mismatch",
    `Maps of ${a.c} × ${a.h} × ${a.w} and ${b.c} × ${b.h} × ${b.w} cannot be combined; sizes must be equal (or one channel).`,
  );
}

/** Shape of a concatenation over channels. @throws ModelError `shape-mismatch` */
export function concatShape(shapes: readonly Shape[]): Shape {
  const [first] = shapes;
  if (first && shapes.every(({ h, w }) => h === first.h && w === first.w)) {
    return { ...first, c: shapes.reduce((sum, { c }) => sum + c, 0) };
  }
  const listed = shapes.map(({ c, h, w }) => `${c} × ${h} × ${w}`).join(", ");
  throw new ModelError(
    "shape-mismatch",
    `Maps of ${listed} cannot be concatenated; heights and widths must be equal.`,
  );
}

const same = (x: Shape): Shape => x;
const oneChannel = (x: Shape): Shape => ({ ...x, c: 1 });

function costOps(tally: Tally): Ops<Shape> {
  return {
    shape: same,
    ...layerCosts(tally),
    relu: same,
    relu6: same,
    tanh: same,
    sigmoid: same,
    square: same,
    sqrt: same,
    add: broadcastShape,
    sub: broadcastShape,
    mul: broadcastShape,
    maximum: broadcastShape,
    div: broadcastShape,
    affine: same,
    concat: concatShape,
    sliceChannels: (x, from, to) => ({ ...x, c: to - from }),
    sumChannels: oneChannel,
    meanChannels: oneChannel,
    maxChannels: oneChannel,
    logSumExpChannels: oneChannel,
    softmaxChannels: same,
    normalizeChannels: same,
    avgPool: (x, kernel) => ({ c: x.c, h: Math.floor(x.h / kernel), w: Math.floor(x.w / kernel) }),
    maxPool3x3s2: (x) => ({ c: x.c, h: Math.floor((x.h - 1) / 2) + 1, w: Math.floor((x.w - 1) / 2) + 1 }),
    upsample2x: (x) => ({ c: x.c, h: 2 * x.h, w: 2 * x.w }),
    maxAll: () => ({ c: 1, h: 1, w: 1 }),
    perCrop: (x, count, inside) => {
      const before = tally.macs;
      const results = inside(cropOf(x, count)).map((crop) => joinedOf(crop, count));
      tally.macs = before + count ** 2 * (tally.macs - before);
      return results;
    },
  };
}

type Layers = Pick<
  Ops<Shape>,
  "conv2d" | "convTranspose2x" | "convTranspose1x1" | "batchNorm" | "addConstant" | "mulConstant" | "resample"
>;

function layerCosts(tally: Tally): Layers {
  return {
    conv2d: (x, name, options) => {
      const output = convOutput(x, name, options);
      convWeights(tally, x, name, options);
      const perOutput = options.kernel ** 2 * (options.depthwise === true ? 1 : x.c);
      tally.macs += output.c * output.h * output.w * perOutput;
      return output;
    },
    convTranspose2x: (x, name, filters) => {
      tally.weight(`${name}.weight`, [x.c, filters, 2, 2], "conv");
      tally.macs += x.c * filters * 4 * x.h * x.w;
      return { c: filters, h: 2 * x.h, w: 2 * x.w };
    },
    convTranspose1x1: (x, name, filters) => {
      tally.weight(`${name}.weight`, [x.c, filters, 1, 1], "conv");
      tally.macs += x.c * filters * x.h * x.w;
      return { ...x, c: filters };
    },
    batchNorm: (x, name) => {
      tally.weight(`${name}.weight`, [x.c], "bn-scale");
      tally.weight(`${name}.bias`, [x.c], "bn-shift");
      tally.weight(`${name}.running_mean`, [x.c], "bn-mean");
      tally.weight(`${name}.running_var`, [x.c], "bn-variance");
      return x;
    },
    addConstant: (x, name, shape) => {
      tally.weight(name, shape, "constant");
      return x;
    },
    mulConstant: (x, name, shape = [x.c]) => {
      tally.weight(name, shape, "constant");
      return x;
    },
    resample: (x, left, right) => {
      const [h = 0, fromH] = left.shape;
      const [w = 0, fromW] = right.shape;
      if (fromH !== x.h || fromW !== x.w) {
        throw new ModelError(
          "shape-mismatch",
          `Resampling matrices for ${fromH} × ${fromW} cannot be used on a map of ${x.h} × ${x.w}.`,
        );
      }
      tally.macs += x.c * (h * x.h * x.w + h * w * x.w);
      return { c: x.c, h, w };
    },
  };
}

function convWeights(
  tally: Tally,
  x: Shape,
  name: string,
  { filters, kernel, depthwise, bias }: ConvOptions,
): void {
  tally.weight(`${name}.weight`, [filters, depthwise === true ? 1 : x.c, kernel, kernel], "conv");
  if (bias === true) tally.weight(`${name}.bias`, [filters], "bias");
}
