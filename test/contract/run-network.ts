import * as ort from "onnxruntime-node";
import { countCost } from "../../src/graph/cost.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import type { Network, Shape, Weights } from "../../src/graph/ops.ts";
import { normal } from "../../src/graph/random.ts";
import { tfOps } from "../../src/graph/tf-ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";

/** One picture's map, channels × height × width, row-major. */
export interface PictureMap {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** [1, H, W, C] of one picture in channels × height × width. */
export function toTensor({ shape: { c, h, w }, data }: PictureMap): tf.Tensor4D {
  return tf.tidy(() => tf.transpose(tf.tensor4d(data, [1, c, h, w]), [0, 2, 3, 1]));
}

/** The outputs of a network in tfjs (infer mode), each channels × height × width. */
export function runTf(network: Network, weights: Weights, inputs: readonly PictureMap[]): Float32Array[] {
  const variables = new TfWeights(weights, new Set());
  tf.engine().startScope();
  const outputs = network(tfOps(variables, "infer"), inputs.map(toTensor)).map((output) =>
    Float32Array.from(tf.transpose(output, [0, 3, 1, 2]).dataSync()),
  );
  tf.engine().endScope();
  variables.dispose();
  return outputs;
}

/** The same of the exported model in ONNX Runtime. */
export async function runOnnx(
  network: Network,
  weights: Weights,
  inputs: readonly PictureMap[],
): Promise<Float32Array[]> {
  const floats = inputs.map(({ shape }, at) => ({ name: `in${at}`, shape }));
  const { outputs } = countCost(
    network,
    inputs.map(({ shape }) => shape),
  );
  const names = outputs.map((_, at) => `out${at}`);
  const model = exportOnnx({ name: "network", input: { floats }, network, outputs: names, weights });
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["cpu"],
    logSeverityLevel: 3,
  });
  const feeds = inputs.map(({ shape: { c, h, w }, data }, at): [string, ort.Tensor] => [
    `in${at}`,
    new ort.Tensor("float32", data, [1, c, h, w]),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  const values = names.map((name) => Float32Array.from(results[name]!.data as Float32Array));
  await session.release();
  return values;
}

/** Random weights for every name the network asks for: moderate, variances positive. */
export function randomWeights(network: Network, inputs: readonly Shape[], random: () => number): Weights {
  return new Map(
    countCost(network, inputs).weights.map(({ name, shape, kind }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const spread = kind === "conv" ? 1 / Math.sqrt(length / shape[0]!) : 0.3;
      const draw = {
        "bn-variance": () => 0.5 + random(),
        "bn-scale": () => 0.8 + 0.4 * random(),
      }[kind as string];
      return [name, { shape, data: Float32Array.from({ length }, draw ?? (() => spread * normal(random))) }];
    }),
  );
}

export const randomMap = (shape: Shape, random: () => number): PictureMap => ({
  shape,
  data: Float32Array.from({ length: shape.c * shape.h * shape.w }, () => normal(random)),
});

/** Largest difference, relative to the largest magnitude that is expected (at least 1e-12). */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12);
  return actual.reduce((worst, value, at) => {
    const difference = Math.abs(value - expected[at]!) / scale;
    return Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }, 0);
}
