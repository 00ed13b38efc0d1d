import { describe, expect, test } from "vitest";
import type { Network, Shape, Weights } from "../../src/graph/ops.ts";
import { normal } from "../../src/graph/random.ts";
import { tfOps } from "../../src/graph/tf-ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";
import { CASES, random, randomWeights } from "../contract/ops-cases.ts";

const BATCH = 2;

const noise = (shape: readonly number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => normal(random)),
    [...shape],
  );

const trainableNames = (weights: Weights): Set<string> =>
  new Set([...weights.keys()].filter((name) => /\.(weight|bias)$/.test(name)));

/** A function of all inputs and trainable weights to one number: every output times fixed noise. */
function scalarLoss(network: Network, variables: TfWeights, inputs: readonly tf.Tensor[]) {
  const seeds = new Map<number, tf.Tensor>();
  return (): tf.Scalar => {
    const ops = tfOps(variables, "train");
    const outputs = network(ops, inputs as tf.Tensor4D[]);
    const terms = outputs.map((output, index) => {
      const seed = seeds.get(index) ?? tf.keep(noise(output.shape));
      seeds.set(index, seed);
      return tf.sum<tf.Scalar>(tf.mul(output, seed));
    });
    return tf.addN<tf.Scalar>(terms);
  };
}

function inputVariables(inputs: readonly Shape[]): tf.Variable[] {
  return inputs.map(({ c, h, w }) => tf.variable(noise([BATCH, h, w, c])));
}

/** In place of the cases that are too steep (logSumExp of ± 300) or have too many kinks for finite differences. */
const GRADIENT_CASES = [
  ...CASES.filter(({ name }) => !/^channels:|^a student/.test(name)),
  {
    name: "channels, gently",
    inputs: [{ c: 5, h: 4, w: 3 }],
    network: ((ops, [x]) => {
      if (x === undefined) return [];
      const twice = ops.concat([x, ops.affine(x, 2, 0)]);
      const reductions = [ops.sumChannels(twice), ops.meanChannels(twice), ops.logSumExpChannels(twice)];
      return [ops.sliceChannels(twice, 3, 8), ops.normalizeChannels(twice), ...reductions];
    }) satisfies Network,
  },
  {
    name: "a smooth network of many layers",
    inputs: [{ c: 6, h: 8, w: 8 }],
    network: ((ops, [x]) => {
      if (x === undefined) return [];
      const depthwise = ops.conv2d(x, "dw", { filters: 6, kernel: 3, depthwise: true });
      const mixed = ops.conv2d(ops.tanh(ops.batchNorm(depthwise, "bn1")), "pw", { filters: 10, kernel: 1 });
      const down = ops.conv2d(ops.sigmoid(ops.batchNorm(mixed, "bn2")), "down", {
        filters: 12,
        kernel: 3,
        stride: 2,
      });
      const up = ops.convTranspose2x(ops.tanh(ops.batchNorm(down, "bn3")), "up", 6);
      const cosine = ops.sumChannels(ops.mul(ops.normalizeChannels(up), ops.normalizeChannels(x)));
      return [ops.affine(cosine, -1, 1), ops.upsample2x(down)];
    }) satisfies Network,
  },
];

/** Finite differences go wrong where they step over a kink (a maximum that changes place): then another draw is taken. */
const DRAWS = 3;

describe.each(GRADIENT_CASES)("$name", ({ inputs, network }) => {
  test("has the gradient that finite differences show", { retry: DRAWS - 1 }, () => {
    const weights = randomWeights(network, inputs);
    const variables = new TfWeights(weights, trainableNames(weights));
    const maps = inputVariables(inputs);
    const parameters = [...maps, ...variables.trainables()];
    const loss = scalarLoss(network, variables, maps);
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, parameters);
      const directions = parameters.map(({ shape }) => noise(shape));
      const origins = parameters.map((parameter) => tf.clone(parameter));
      const valueAt = (step: number): number => {
        for (const [index, parameter] of parameters.entries()) {
          const [origin, direction] = [origins[index], directions[index]];
          if (origin && direction) parameter.assign(tf.add(origin, tf.mul(direction, step)));
        }
        return loss().dataSync()[0] ?? NaN;
      };
      const predicted = parameters.reduce((sum, { name }, index) => {
        const [gradient, direction] = [grads[name], directions[index]];
        return gradient && direction ? sum + (tf.sum(tf.mul(gradient, direction)).dataSync()[0] ?? NaN) : sum;
      }, 0);
      const step = 1e-3;
      const measured = (valueAt(step) - valueAt(-step)) / (2 * step);
      expect(Math.abs(measured - predicted)).toBeLessThanOrEqual(0.02 * Math.max(5, Math.abs(predicted)));
    });
    variables.dispose();
  });
});

const ELEMENTS = BATCH * 5 * 6;

/** Batch norm of separate operations, with the batch's statistics. */
function composedBatchNorm(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(normalized, scale), offset);
}

describe("batch norm in training", () => {
  const channelCount = 3;
  const vector = (values: readonly number[]) => ({ shape: [channelCount], data: Float32Array.from(values) });
  const weights: Weights = new Map([
    ["bn.weight", vector([1.5, 0.5, -2])],
    ["bn.bias", vector([0.1, -0.2, 0.3])],
    ["bn.running_mean", vector([1, 2, 3])],
    ["bn.running_var", vector([4, 5, 6])],
  ]);

  test("fused values and gradients equal the composed form", () => {
    const variables = new TfWeights(weights, trainableNames(weights));
    const x = tf.variable(tf.add(tf.mul(noise([BATCH, 5, 6, channelCount]), 3), 1));
    const seed = noise(x.shape);
    const lists = tf.tidy(() => {
      const [scale, offset] = [variables.get("bn.weight"), variables.get("bn.bias")];
      const parameters = [x, ...variables.trainables()];
      const gradientsOf = (output: () => tf.Tensor) => {
        const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(output(), seed)), parameters);
        return [value, ...parameters.map(({ name }) => grads[name] ?? tf.scalar(NaN))].map((tensor) =>
          Array.from(tensor.dataSync()),
        );
      };
      const fused = gradientsOf(() => tfOps(variables, "train").batchNorm(x as tf.Tensor4D, "bn"));
      const composed = gradientsOf(() => composedBatchNorm(x, scale, offset));
      return tf.keep(tf.tensor([fused.flat(), composed.flat()]));
    });
    const [fused = [], composed = []] = lists.arraySync() as number[][];
    for (const [index, value] of fused.entries()) expect(value).toBeCloseTo(composed[index] ?? NaN, 4);
  });

  test("running statistics follow PyTorch: momentum 0.1, unbiased variance", () => {
    const variables = new TfWeights(weights, trainableNames(weights));
    const x = tf.add<tf.Tensor4D>(tf.mul(noise([BATCH, 5, 6, channelCount]), 3), 1);
    tf.tidy(() => void tfOps(variables, "train").batchNorm(x, "bn"));
    const values = x.dataSync();
    const after = variables.toWeights();
    for (let c = 0; c < channelCount; c++) {
      const own = Array.from({ length: ELEMENTS }, (_, index) => values[index * channelCount + c] ?? NaN);
      const mean = own.reduce((sum, value) => sum + value, 0) / ELEMENTS;
      const unbiased = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (ELEMENTS - 1);
      expect(after.get("bn.running_mean")?.data[c]).toBeCloseTo(0.9 * (c + 1) + 0.1 * mean, 4);
      expect(after.get("bn.running_var")?.data[c]).toBeCloseTo(0.9 * (c + 4) + 0.1 * unbiased, 4);
    }
  });

  test("inference leaves the running statistics alone", () => {
    const variables = new TfWeights(weights, trainableNames(weights));
    tf.tidy(
      () => void tfOps(variables, "infer").batchNorm(noise([1, 2, 2, channelCount]) as tf.Tensor4D, "bn"),
    );
    expect(variables.toWeights()).toEqual(weights);
  });
});
