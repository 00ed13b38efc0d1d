import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Network, Weight } from "../../src/graph/ops.ts";
import { tf } from "../../src/graph/tf.ts";
import { asymmetricLoss } from "../../src/methods/adps/asymmetric-loss.ts";
import { segment } from "../../src/methods/adps/segment.ts";
import { weightMask } from "../../src/methods/adps/weight-mask.ts";
import { focalLoss, levelLabels } from "../../src/methods/shared/losses.ts";
import { type PictureMap, runOnnx, runTf, toTensor } from "../contract/run-network.ts";
import { formulaValues } from "./formula.ts";

interface Sample {
  readonly shape: readonly number[];
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly mean: number;
}

interface AdpsGolden {
  readonly seed: number;
  readonly patches: number;
  readonly levels: readonly (readonly [channels: number, size: number])[];
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly stream: number;
    readonly scale: number;
    readonly offset: number;
  }[];
  readonly cosine: readonly Sample[];
  readonly masked: readonly Sample[];
  readonly distillation: number;
  readonly logit: Sample;
  readonly focal: number;
  readonly crops: Sample;
}

const golden = JSON.parse(readFileSync(new URL("./adps.json", import.meta.url), "utf8")) as AdpsGolden;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** All weights and inputs of the script, by name. */
const values = new Map<string, Weight>(
  golden.weights.map(({ name, shape, stream, scale, offset }) => [
    name,
    { shape, data: formulaValues(golden.seed, stream, sizeOf(shape)).map((v) => v * scale + offset) },
  ]),
);

function input(name: string): PictureMap {
  const { shape, data } = values.get(name)!;
  const [, c = 0, h = 0, w = 0] = shape;
  return { shape: { c, h, w }, data };
}

const teachers = golden.levels.map((_, at) => input(`teacher${at}`));
/** The script's students: half of the teacher and half of something else. */
const students = golden.levels.map((_, at) => {
  const { shape, data } = input(`student${at}`);
  return { shape, data: data.map((value, i) => value + 0.5 * teachers[at]!.data[i]!) };
});

/** Cosine and masked feature of each level, then the logit. */
const whole: Network = (ops, inputs) => {
  const count = golden.levels.length;
  const masks = inputs.slice(0, count).map((teacher, at) => weightMask(ops, teacher, inputs[count + at]!));
  const masked = masks.map((mask) => mask.masked);
  return [...masks.map(({ cosine }) => cosine), ...masked, segment(ops, masked, 32)];
};
const cropped: Network = (ops, [picture]) =>
  ops.perCrop(picture!, golden.patches, (crop) => [
    ops.conv2d(crop, "crop", { filters: 4, kernel: 3, stride: 2, bias: true }),
  ]);

/** 1 in the script's box. */
function boxMask(): tf.Tensor4D {
  const data = new Float32Array(64 * 64);
  for (let y = 8; y < 30; y++) data.fill(1, y * 64 + 17, y * 64 + 50);
  return tf.tensor4d(data, [1, 64, 64, 1]);
}

function expectSample(actual: Float32Array, { shape, indices, values: expected, mean }: Sample): void {
  expect(actual.length).toBe(sizeOf(shape));
  const scale = Math.max(...expected.map(Math.abs));
  for (const [i, at] of indices.entries())
    expect(Math.abs(actual[at]! - expected[i]!) / scale).toBeLessThan(1e-5);
  const ownMean = actual.reduce((sum, value) => sum + value, 0) / actual.length;
  expect(Math.abs(ownMean - mean) / scale).toBeLessThan(1e-5);
}

describe("ADPS is what PyTorch computes from the paper's equations", () => {
  const outputs = [...golden.cosine, ...golden.masked, golden.logit];

  it.each(["TensorFlow", "ONNX Runtime"])("weight masks and segmentation in %s", async (runtime) => {
    const run = runtime === "TensorFlow" ? runTf : runOnnx;
    const actual = await run(whole, values, [...teachers, ...students]);
    expect(actual).toHaveLength(outputs.length);
    for (const [at, output] of actual.entries()) expectSample(output, outputs[at]!);
  });

  it.each(["TensorFlow", "ONNX Runtime"])("crops, each convolved alone, in %s", async (runtime) => {
    const run = runtime === "TensorFlow" ? runTf : runOnnx;
    const [actual] = await run(cropped, values, [input("picture")]);
    expectSample(actual!, golden.crops);
  });

  it("asymmetric distillation loss", () => {
    const cosines = runTf(whole, values, [...teachers, ...students]).slice(0, golden.levels.length);
    const loss = tf.tidy(() => {
      const maps = cosines.map((data, at) => {
        const size = golden.levels[at]![1];
        return tf.tensor4d(data, [1, size, size, 1]);
      });
      const mask = boxMask();
      const labels = golden.levels.map(([, size]) => levelLabels(mask, size, size));
      return asymmetricLoss(maps, labels).dataSync()[0]!;
    });
    expect(loss).toBeCloseTo(golden.distillation, 5);
  });

  it("focal loss: the sigmoid of our one logit is the softmax of the paper's two channels", () => {
    const logit = runTf(whole, values, [...teachers, ...students]).at(-1)!;
    const loss = tf.tidy(() => {
      const probability = tf.sigmoid(toTensor({ shape: { c: 1, h: 32, w: 32 }, data: logit }));
      const mask = tf.maxPool(boxMask(), 1, 2, "valid"); // every second pixel
      return focalLoss([probability], [mask]).dataSync()[0]!;
    });
    expect(Math.abs(loss / golden.focal - 1)).toBeLessThan(1e-5);
  });
});
