import { countCost } from "../../src/graph/cost.ts";
import type { Network, Ops, Shape, Weight, Weights } from "../../src/graph/ops.ts";
import { createRandom, normal } from "../../src/graph/random.ts";

/** The numbers of every test that uses the cases; a fixed seed. */
export const random = createRandom(7);

/** A picture of that shape, channels first, standard normal. */
export const randomMap = ({ c, h, w }: Shape): Float32Array =>
  Float32Array.from({ length: c * h * w }, () => normal(random));

function inputAt<T>(inputs: readonly T[], index: number): T {
  const input = inputs[index];
  if (input === undefined) throw new RangeError(`the case has no input ${index}`);
  return input;
}

const one =
  (network: <T>(ops: Ops<T>, a: T) => readonly T[]): Network =>
  (ops, inputs) =>
    network(ops, inputAt(inputs, 0));

const two =
  (network: <T>(ops: Ops<T>, a: T, b: T) => readonly T[]): Network =>
  (ops, inputs) =>
    network(ops, inputAt(inputs, 0), inputAt(inputs, 1));

const three =
  (network: <T>(ops: Ops<T>, a: T, b: T, c: T) => readonly T[]): Network =>
  (ops, inputs) =>
    network(ops, inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2));

/** A network to run in every interpreter. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly network: Network;
}

function matrix(rows: number, columns: number): Weight {
  const data = Float32Array.from({ length: rows * columns }, () => random() / columns);
  return { shape: [rows, columns], data };
}

const UP = { left: matrix(13, 7), right: matrix(11, 5) };
const DOUBLE = { left: matrix(16, 8), right: matrix(16, 8) };
const map = (c: number, h: number, w: number): Shape => ({ c, h, w });

/** Every operation, and a small network as students are. */
export const CASES: readonly Case[] = [
  {
    name: "conv2d with default padding",
    inputs: [map(3, 7, 5)],
    network: one((ops, x) => [ops.conv2d(x, "conv", { filters: 4, kernel: 3 })]),
  },
  {
    name: "conv2d 1×1 with bias",
    inputs: [map(3, 7, 5)],
    network: one((ops, x) => [ops.conv2d(x, "conv", { filters: 4, kernel: 1, bias: true })]),
  },
  {
    name: "conv2d stride 2 without padding",
    inputs: [map(3, 7, 6)],
    network: one((ops, x) => [ops.conv2d(x, "conv", { filters: 4, kernel: 3, stride: 2, padding: 0 })]),
  },
  ...[7, 8].flatMap((size): Case[] => [
    {
      name: `conv2d 7×7 stride 2 symmetric on ${size}`,
      inputs: [map(3, size, size)],
      network: one((ops, x) => [ops.conv2d(x, "conv", { filters: 4, kernel: 7, stride: 2, padding: 3 })]),
    },
    {
      name: `conv2d stride 2 same-tf on ${size}`,
      inputs: [map(3, size, size)],
      network: one((ops, x) => [
        ops.conv2d(x, "conv", { filters: 4, kernel: 3, stride: 2, padding: "same-tf" }),
      ]),
    },
    {
      name: `depthwise stride 1 and 2 on ${size}`,
      inputs: [map(6, size, size)],
      network: one((ops, x) => [
        ops.conv2d(x, "one", { filters: 6, kernel: 5, depthwise: true, bias: true }),
        ops.conv2d(x, "two", { filters: 6, kernel: 3, stride: 2, depthwise: true }),
        ops.conv2d(x, "same", { filters: 6, kernel: 5, stride: 2, depthwise: true, padding: "same-tf" }),
      ]),
    },
  ]),
  {
    name: "convTranspose2x",
    inputs: [map(3, 4, 5)],
    network: one((ops, x) => [ops.convTranspose2x(x, "up", 4)]),
  },
  {
    name: "convTranspose1x1, alone and with the weight of the convolution before it",
    inputs: [map(3, 4, 5)],
    network: one((ops, x) => [
      ops.convTranspose1x1(x, "back", 4),
      ops.convTranspose1x1(ops.conv2d(x, "there", { filters: 6, kernel: 1, bias: true }), "there", 3),
    ]),
  },
  {
    name: "batchNorm",
    inputs: [map(3, 4, 5)],
    network: one((ops, x) => [ops.batchNorm(x, "bn"), ops.batchNorm(x, "bn2", 1e-3)]),
  },
  {
    name: "activations",
    inputs: [map(3, 4, 5)],
    network: one((ops, x) => {
      const wide = ops.affine(x, 4, 0);
      return [
        ops.relu(wide),
        ops.relu6(wide),
        ops.tanh(wide),
        ops.sigmoid(wide),
        ops.square(wide),
        ops.sqrt(ops.affine(ops.square(x), 1, 0.1)),
      ];
    }),
  },
  {
    name: "element-wise, equal and broadcast over channels from either side",
    inputs: [map(3, 4, 5), map(3, 4, 5), map(1, 4, 5)],
    network: three((ops, a, b, c) => [
      ops.add(a, b),
      ops.sub(a, c),
      ops.mul(c, a),
      ops.sub(c, b),
      ops.maximum(a, b),
      ops.maximum(c, a),
      ops.div(a, ops.affine(ops.square(c), 1, 0.5)),
      ops.affine(a, 2.5, -1),
      ops.affine(a, 1, 0),
    ]),
  },
  {
    name: "constants",
    inputs: [map(3, 4, 5)],
    network: one((ops, x) => [
      ops.addConstant(x, "shift", [3]),
      ops.addConstant(x, "position", [3, 4, 5]),
      ops.mulConstant(x, "gain"),
      ops.mulConstant(x, "weights", [3, 4, 5]),
      ops.mulConstant(x, "mask", [1, 4, 5]),
      ops.mulConstant(ops.addConstant(x, "gain", [3]), "gain"),
    ]),
  },
  {
    name: "channels: concat, slice, reductions",
    inputs: [map(3, 4, 5), map(2, 4, 5)],
    network: two((ops, a, b) => [
      ops.concat([a, b, a]),
      ops.sliceChannels(a, 1, 3),
      ops.sumChannels(a),
      ops.meanChannels(a),
      ops.maxChannels(a),
      ops.sqrt(ops.relu(a)),
      ops.logSumExpChannels(ops.affine(a, 300, 0)),
      ops.softmaxChannels(a),
      ops.softmaxChannels(ops.affine(a, 300, 0)),
      ops.normalizeChannels(a),
      ops.normalizeChannels(ops.affine(a, 1e-7, 0)),
      ops.normalizeChannels(ops.affine(a, 0, 0)),
    ]),
  },
  {
    name: "pooling and up-sampling on odd sizes",
    inputs: [map(3, 7, 5)],
    network: one((ops, x) => [
      ops.avgPool(x, 2),
      ops.avgPool(x, 3),
      ops.maxPool3x3s2(ops.affine(x, 1, -9)),
      ops.upsample2x(x),
      ops.maxAll(x),
    ]),
  },
  {
    name: "resample of one and of several channels",
    inputs: [map(3, 7, 5)],
    network: one((ops, x) => [
      ops.resample(x, UP.left, UP.right),
      ops.resample(ops.meanChannels(x), UP.left, UP.right),
    ]),
  },
  {
    name: "perCrop: each crop alone, put together at two scales",
    inputs: [map(3, 8, 12)],
    network: one((ops, x) =>
      ops.perCrop(x, 2, (crop) => {
        const same = ops.conv2d(crop, "same", { filters: 4, kernel: 3, bias: true });
        const down = ops.conv2d(ops.batchNorm(same, "bn"), "down", { filters: 5, kernel: 3, stride: 2 });
        return [ops.tanh(same), ops.mulConstant(ops.normalizeChannels(down), "gain")];
      }),
    ),
  },
  {
    name: "a student-like network",
    inputs: [map(12, 8, 8), map(20, 4, 4)],
    network: two((ops, fine, coarse) => {
      const joined = ops.concat([ops.avgPool(fine, 2), coarse]);
      const block = (x: typeof joined, name: string, filters: number) => {
        const { c } = ops.shape(x);
        const spatial = ops.conv2d(x, `${name}.dw`, { filters: c, kernel: 3, depthwise: true });
        const mixed = ops.conv2d(ops.relu(ops.batchNorm(spatial, `${name}.bn1`)), `${name}.pw`, {
          filters,
          kernel: 1,
        });
        return ops.relu(ops.batchNorm(mixed, `${name}.bn2`));
      };
      const deep = block(block(joined, "a", 24), "b", 24);
      const up = ops.convTranspose2x(deep, "up", 12);
      const cosine = ops.sumChannels(ops.mul(ops.normalizeChannels(up), ops.normalizeChannels(fine)));
      const distance = ops.affine(cosine, -1, 1);
      return [distance, ops.maxAll(ops.resample(distance, DOUBLE.left, DOUBLE.right))];
    }),
  },
];

/** Weights of plausible sizes for everything the network asks for. */
export function randomWeights(network: Network, inputs: readonly Shape[]): Weights {
  const specs = countCost(network, inputs).weights;
  return new Map(
    specs.map(({ name, shape, kind }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const draw = kind === "bn-variance" ? () => 0.5 + random() : () => 0.5 * normal(random);
      return [name, { shape, data: Float32Array.from({ length }, draw) }];
    }),
  );
}
