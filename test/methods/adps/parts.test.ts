import { afterAll, describe, expect, it } from "vitest";
import { countCost } from "../../../src/graph/cost.ts";
import type { Network, Shape } from "../../../src/graph/ops.ts";
import { createRandom } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import { asymmetricLoss } from "../../../src/methods/adps/asymmetric-loss.ts";
import { cropStudent, requireWholeCrops } from "../../../src/methods/adps/crop-student.ts";
import { segment } from "../../../src/methods/adps/segment.ts";
import { weightMask } from "../../../src/methods/adps/weight-mask.ts";
import { type PictureMap, randomMap, randomWeights, runTf } from "../../contract/run-network.ts";

const map = (c: number, h: number, w: number): Shape => ({ c, h, w });
const random = createRandom(3);

describe("weightMask", () => {
  const block: Network = (ops, [teacher, student]) => {
    const { cosine, masked } = weightMask(ops, teacher!, student!);
    return [cosine, masked];
  };
  const pixel = (...values: number[]): PictureMap => ({
    shape: map(values.length, 1, 1),
    data: Float32Array.from(values),
  });

  it.each([
    { say: "agrees, at any length", student: [6, 8], cosine: 1, masked: [0, 0] },
    { say: "says the opposite", student: [-3, -4], cosine: -1, masked: [6, 8] },
    { say: "says something else", student: [4, -3], cosine: 0, masked: [3, 4] },
  ])("keeps of the teacher what the student $say", ({ student, cosine, masked }) => {
    const [agreement, kept] = runTf(block, new Map(), [pixel(3, 4), pixel(...student)]);
    expect(agreement![0]).toBeCloseTo(cosine, 5);
    for (const [at, value] of masked.entries()) expect(kept![at]).toBeCloseTo(value, 4);
  });
});

describe("cropStudent", () => {
  const LEVELS = [
    { level: 2, shape: map(12, 8, 8) },
    { level: 3, shape: map(200, 4, 4) },
  ];
  const picture = map(3, 64, 64);
  const student: Network = (ops, [image]) => cropStudent(ops, image!, LEVELS, 4);
  const weights = randomWeights(student, [picture], random);

  it("predicts every level at its own shape, with levels left out or wider than its trunk", () => {
    expect(countCost(student, [picture]).outputs).toEqual(LEVELS.map(({ shape }) => shape));
  });

  it("knows nothing of what lies outside of a crop", () => {
    const image = randomMap(picture, random);
    const changed = { shape: picture, data: image.data.slice() };
    changed.data.fill(0.7, 0, 16); // the first row of the first crop
    const [before, after] = [image, changed].map((one) => runTf(student, weights, [one])[0]!);
    const at = (y: number, x: number) => Math.abs(before![y * 8 + x]! - after![y * 8 + x]!);
    expect(at(0, 0)).toBeGreaterThan(0);
    for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) if (y > 1 || x > 1) expect(at(y, x)).toBe(0);
  });

  it("asks for a size whose crops are whole, in words", () => {
    expect(() => {
      requireWholeCrops({ width: 320, height: 320 }, LEVELS, 8);
    }).toThrow(/320 × 320 .* 8 × 8 .* multiple of 128/);
    requireWholeCrops({ width: 320, height: 256 }, LEVELS, 4);
  });
});

describe("segment", () => {
  const widths = (shapes: readonly Shape[], height: number) => {
    const network: Network = (ops, masked) => [segment(ops, masked, height)];
    const { outputs, weights } = countCost(network, shapes);
    const ups = weights.filter(({ name }) => /up\d+[.]conv/.test(name));
    return { outputs, widths: ups.map(({ shape }) => shape[1]) };
  };

  it("has the decoder widths 256, 128, 64 on wide_resnet50_2, and ends at the height it is asked for", () => {
    const shapes = [map(256, 64, 64), map(512, 32, 32), map(1024, 16, 16)];
    expect(widths(shapes, 128)).toEqual({ outputs: [map(1, 128, 128)], widths: [256, 128, 64] });
  });

  it("passes over levels that are left out", () => {
    expect(widths([map(24, 16, 16), map(112, 4, 4)], 32)).toEqual({
      outputs: [map(1, 32, 32)],
      widths: [32, 16, 8],
    });
  });
});

describe("asymmetricLoss", () => {
  const tensor = (...values: number[]) => tf.tensor4d(values, [1, 1, values.length, 1]);
  const kept: tf.Tensor[] = [];
  afterAll(() => {
    tf.dispose(kept);
  });

  it("wants agreement on normal places and the opposite on anomalous ones, summed over levels", () => {
    const loss = asymmetricLoss([tensor(1, -1, 0.5, 0.5), tensor(0)], [tensor(0, 1, 0, 1), tensor(1)]);
    kept.push(loss);
    // (0 − 1 + 0.5 + 0.5) / 4 + 0
    expect(loss.dataSync()[0]).toBeCloseTo(0, 6);
    const normal = asymmetricLoss([tensor(0.25, -0.5)], [tensor(0, 0)]);
    kept.push(normal);
    expect(normal.dataSync()[0]).toBeCloseTo((0.75 + 1.5) / 2, 6);
  });
});
