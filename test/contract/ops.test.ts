import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { countCost } from "../../src/graph/cost.ts";
import { initializeWeights } from "../../src/graph/initialize.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import type { Network, Shape, Weight, Weights } from "../../src/graph/ops.ts";
import { createRandom, normal } from "../../src/graph/random.ts";
import { tfOps } from "../../src/graph/tf-ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";
import { inspectModel } from "../../src/onnx/inspect.ts";

const TOLERANCE = 1e-4;
const random = createRandom(7);

interface Case {
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

const CASES: readonly Case[] = [
  {
    name: "conv2d with default padding",
    inputs: [map(3, 7, 5)],
    network: (ops, [x]) => [ops.conv2d(x!, "conv", { filters: 4, kernel: 3 })],
  },
  {
    name: "conv2d 1×1 with bias",
    inputs: [map(3, 7, 5)],
    network: (ops, [x]) => [ops.conv2d(x!, "conv", { filters: 4, kernel: 1, bias: true })],
  },
  {
    name: "conv2d stride 2 without padding",
    inputs: [map(3, 7, 6)],
    network: (ops, [x]) => [ops.conv2d(x!, "conv", { filters: 4, kernel: 3, stride: 2, padding: 0 })],
  },
  ...[7, 8].flatMap((size): Case[] => [
    {
      name: `conv2d 7×7 stride 2 symmetric on ${size}`,
      inputs: [map(3, size, size)],
      network: (ops, [x]) => [ops.conv2d(x!, "conv", { filters: 4, kernel: 7, stride: 2, padding: 3 })],
    },
    {
      name: `conv2d stride 2 same-tf on ${size}`,
      inputs: [map(3, size, size)],
      network: (ops, [x]) => [
        ops.conv2d(x!, "conv", { filters: 4, kernel: 3, stride: 2, padding: "same-tf" }),
      ],
    },
    {
      name: `depthwise stride 1 and 2 on ${size}`,
      inputs: [map(6, size, size)],
      network: (ops, [x]) => [
        ops.conv2d(x!, "one", { filters: 6, kernel: 5, depthwise: true, bias: true }),
        ops.conv2d(x!, "two", { filters: 6, kernel: 3, stride: 2, depthwise: true }),
        ops.conv2d(x!, "same", { filters: 6, kernel: 5, stride: 2, depthwise: true, padding: "same-tf" }),
      ],
    },
  ]),
  {
    name: "convTranspose2x",
    inputs: [map(3, 4, 5)],
    network: (ops, [x]) => [ops.convTranspose2x(x!, "up", 4)],
  },
  {
    name: "batchNorm",
    inputs: [map(3, 4, 5)],
    network: (ops, [x]) => [ops.batchNorm(x!, "bn"), ops.batchNorm(x!, "bn2", 1e-3)],
  },
  {
    name: "activations",
    inputs: [map(3, 4, 5)],
    network: (ops, [x]) => {
      const wide = ops.affine(x!, 4, 0);
      return [ops.relu(wide), ops.relu6(wide), ops.tanh(wide), ops.sigmoid(wide), ops.square(wide)];
    },
  },
  {
    name: "element-wise, equal and broadcast over channels from either side",
    inputs: [map(3, 4, 5), map(3, 4, 5), map(1, 4, 5)],
    network: (ops, [a, b, c]) => [
      ops.add(a!, b!),
      ops.sub(a!, c!),
      ops.mul(c!, a!),
      ops.sub(c!, b!),
      ops.affine(a!, 2.5, -1),
      ops.affine(a!, 1, 0),
    ],
  },
  {
    name: "constants",
    inputs: [map(3, 4, 5)],
    network: (ops, [x]) => [
      ops.addConstant(x!, "shift", [3]),
      ops.addConstant(x!, "position", [3, 4, 5]),
      ops.mulConstant(x!, "gain"),
      ops.mulConstant(ops.addConstant(x!, "gain", [3]), "gain"),
    ],
  },
  {
    name: "channels: concat, slice, reductions",
    inputs: [map(3, 4, 5), map(2, 4, 5)],
    network: (ops, [a, b]) => [
      ops.concat([a!, b!, a!]),
      ops.sliceChannels(a!, 1, 3),
      ops.sumChannels(a!),
      ops.meanChannels(a!),
      ops.logSumExpChannels(ops.affine(a!, 300, 0)),
      ops.normalizeChannels(a!),
      ops.normalizeChannels(ops.affine(a!, 1e-7, 0)),
      ops.normalizeChannels(ops.affine(a!, 0, 0)),
    ],
  },
  {
    name: "pooling and up-sampling on odd sizes",
    inputs: [map(3, 7, 5)],
    network: (ops, [x]) => [
      ops.avgPool(x!, 2),
      ops.avgPool(x!, 3),
      ops.maxPool3x3s2(ops.affine(x!, 1, -9)),
      ops.upsample2x(x!),
      ops.maxAll(x!),
    ],
  },
  {
    name: "resample of one and of several channels",
    inputs: [map(3, 7, 5)],
    network: (ops, [x]) => [
      ops.resample(x!, UP.left, UP.right),
      ops.resample(ops.meanChannels(x!), UP.left, UP.right),
    ],
  },
  {
    name: "a student-like network",
    inputs: [map(12, 8, 8), map(20, 4, 4)],
    network: (ops, [fine, coarse]) => {
      const joined = ops.concat([ops.avgPool(fine!, 2), coarse!]);
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
      const cosine = ops.sumChannels(ops.mul(ops.normalizeChannels(up), ops.normalizeChannels(fine!)));
      const distance = ops.affine(cosine, -1, 1);
      return [distance, ops.maxAll(ops.resample(distance, DOUBLE.left, DOUBLE.right))];
    },
  },
];

function randomWeights(network: Network, inputs: readonly Shape[]): Weights {
  const specs = countCost(network, inputs).weights;
  return new Map(
    specs.map(({ name, shape, kind }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const draw = kind === "bn-variance" ? () => 0.5 + random() : () => 0.5 * normal(random);
      return [name, { shape, data: Float32Array.from({ length }, draw) }];
    }),
  );
}

const randomMap = ({ c, h, w }: Shape) => Float32Array.from({ length: c * h * w }, () => normal(random));

/** Runs the network in tfjs on one NCHW picture. @returns outputs as NCHW */
function runTf(network: Network, weights: Weights, inputs: readonly { shape: Shape; data: Float32Array }[]) {
  const variables = new TfWeights(weights, new Set());
  const outputs = tf.tidy(() => {
    const maps = inputs.map(({ shape: { c, h, w }, data }) =>
      tf.transpose(tf.tensor4d(data, [1, c, h, w]), [0, 2, 3, 1]),
    );
    return network(tfOps(variables, "infer"), maps).map((output) => ({
      shape: tfOps(variables, "infer").shape(output),
      data: tf.transpose(output, [0, 3, 1, 2]).dataSync() as Float32Array,
    })) as never;
  }) as unknown as { shape: Shape; data: Float32Array }[];
  variables.dispose();
  return outputs;
}

async function runOnnx(bytes: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<ort.Tensor[]> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    logSeverityLevel: 3,
  });
  const results = await session.run(feeds);
  return session.outputNames.map((name) => results[name]!);
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (const [index, value] of actual.entries()) {
    const wanted = expected[index] ?? NaN;
    const difference = Math.abs(value - wanted) / Math.max(1, Math.abs(wanted));
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  expect(worst).toBeLessThanOrEqual(TOLERANCE);
}

describe.each(CASES)("$name", ({ name, inputs, network }) => {
  test.each([13, 17])("is the same in TensorFlow, ONNX Runtime (opset %i) and the counter", async (opset) => {
    const weights = randomWeights(network, inputs);
    const feeds = inputs.map((shape, index) => ({ name: `in${index}`, shape, data: randomMap(shape) }));
    const expected = runTf(network, weights, feeds);
    const outputs = expected.map((_, index) => `out${index}`);
    const bytes = exportOnnx({ name, input: { floats: feeds }, network, outputs, weights, opset });
    inspectModel(bytes);
    const actual = await runOnnx(
      bytes,
      Object.fromEntries(
        feeds.map(({ name: feed, shape: { c, h, w }, data }) => [
          feed,
          new ort.Tensor("float32", data, [1, c, h, w]),
        ]),
      ),
    );
    expect(countCost(network, inputs).outputs).toEqual(expected.map(({ shape }) => shape));
    for (const [index, { shape, data }] of expected.entries()) {
      const { c, h, w } = shape;
      const dims = c > 1 ? [1, c, h, w] : h * w === 1 ? [1] : [1, h, w];
      expect(actual[index]?.dims).toEqual(dims);
      expectClose(actual[index]?.data as Float32Array, data);
    }
  });
});

test("a uint8 picture [1, H, W, 3] reaches the network as [3, H, W] in 0..1", async () => {
  const size = { width: 5, height: 4 };
  const pixels = Uint8Array.from({ length: 60 }, () => Math.floor(random() * 256));
  const bytes = exportOnnx({
    name: "picture",
    input: { name: "image", size },
    network: (_, [x]) => [x!],
    outputs: ["planes"],
    weights: new Map(),
  });
  inspectModel(bytes);
  const [planes] = await runOnnx(bytes, { image: new ort.Tensor("uint8", pixels, [1, 4, 5, 3]) });
  expect(planes?.dims).toEqual([1, 3, 4, 5]);
  const wanted = [0, 1, 2].flatMap((c) =>
    Array.from({ length: 20 }, (_, at) => (pixels[at * 3 + c] ?? 0) / 255),
  );
  expectClose(planes?.data as Float32Array, Float32Array.from(wanted));
});

test("initial weights have the shapes the network asks for and run in both", () => {
  const last = CASES.at(-1)!;
  const specs = countCost(last.network, last.inputs).weights;
  const weights = initializeWeights(specs, 3);
  const [distance] = runTf(
    last.network,
    weights,
    last.inputs.map((shape) => ({ shape, data: randomMap(shape) })),
  );
  expect(distance?.data.every((value) => value >= -1e-6 && value <= 2 + 1e-6)).toBe(true);
});
