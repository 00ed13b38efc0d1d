import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { countCost } from "../../src/graph/cost.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import type { Network, Shape, Weights } from "../../src/graph/ops.ts";
import { tfOps } from "../../src/graph/tf-ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";
import { inspectModel } from "../../src/onnx/inspect.ts";
import { CASES, random, randomMap, randomWeights } from "./ops-cases.ts";

const TOLERANCE = 1e-4;

interface Output {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Runs the network in tfjs on one NCHW picture each. @returns outputs as NCHW */
function runTf(network: Network, weights: Weights, inputs: readonly Output[]): Output[] {
  const variables = new TfWeights(weights, new Set());
  const results: Output[] = [];
  tf.tidy(() => {
    const ops = tfOps(variables, "infer");
    const maps = inputs.map(({ shape: { c, h, w }, data }) =>
      tf.transpose(tf.tensor4d(data, [1, c, h, w]), [0, 2, 3, 1]),
    );
    for (const output of network(ops, maps)) {
      const planes = tf.transpose(output, [0, 3, 1, 2]);
      results.push({ shape: ops.shape(output), data: Float32Array.from(planes.dataSync()) });
    }
  });
  variables.dispose();
  return results;
}

async function runOnnx(bytes: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<ort.Tensor[]> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    logSeverityLevel: 3,
  });
  const results = await session.run(feeds);
  return session.outputNames.map((name) => {
    const result = results[name];
    if (!result) throw new RangeError(`the session gave no ${name}`);
    return result;
  });
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
    network: (_, inputs) => inputs,
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

const PYTHON = fileURLToPath(new URL("../../.runtime/python-tools/bin/python", import.meta.url));
const CHECK = `
import sys, onnx
for line in sys.stdin:
    onnx.checker.check_model(onnx.load(line.strip()), full_check=True)
    print("ok")
`;

test.skipIf(!existsSync(PYTHON))(
  "every exported model passes Python's onnx checker (skipped without .runtime/python-tools, see scripts/setup.sh)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "assayd-onnx-"));
    const files = CASES.map(({ name, inputs, network }, index) => {
      const floats = inputs.map((shape, input) => ({ name: `in${input}`, shape }));
      const outputs = countCost(network, inputs).outputs.map((_, output) => `out${output}`);
      const weights = randomWeights(network, inputs);
      const bytes = exportOnnx({
        name,
        input: { floats },
        network,
        outputs,
        weights,
        metadata: { origin: "test" },
      });
      const file = join(folder, `${index}.onnx`);
      writeFileSync(file, bytes);
      return file;
    });
    const printed = execFileSync(PYTHON, ["-c", CHECK], { input: files.join("\n"), encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(printed.trim().split("\n")).toEqual(files.map(() => "ok"));
  },
);
