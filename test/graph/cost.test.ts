import fc from "fast-check";
import { expect, test } from "vitest";
import { convOutput, convPads } from "../../src/graph/conv-size.ts";
import { countCost } from "../../src/graph/cost.ts";
import { initializeWeights } from "../../src/graph/initialize.ts";
import type { Network } from "../../src/graph/ops.ts";
import { createRandom, normal } from "../../src/graph/random.ts";

const network: Network = (ops, [x]) => {
  if (x === undefined) return [];
  const stem = ops.batchNorm(ops.conv2d(x, "stem", { filters: 8, kernel: 3, stride: 2, bias: true }), "bn");
  const depthwise = ops.conv2d(stem, "dw", { filters: 8, kernel: 3, depthwise: true });
  const again = ops.conv2d(depthwise, "dw", { filters: 8, kernel: 3, depthwise: true });
  return [ops.mulConstant(ops.convTranspose2x(again, "up", 4), "gain")];
};
const INPUT = { c: 3, h: 10, w: 8 };

test("multiply-accumulates and parameters are those of a hand count; shared weights count once", () => {
  const cost = countCost(network, [INPUT]);
  expect(cost.macs).toBe(5 * 4 * (8 * 27 + 2 * 8 * 9 + 8 * 4 * 4));
  expect(cost.parameters).toBe(8 * 27 + 8 + 16 + 8 * 9 + 8 * 4 * 4);
  expect(cost.outputs).toEqual([{ c: 4, h: 10, w: 8 }]);
  expect(cost.weights.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "stem.weight conv",
    "stem.bias bias",
    "bn.weight bn-scale",
    "bn.bias bn-shift",
    "bn.running_mean bn-mean",
    "bn.running_var bn-variance",
    "dw.weight conv",
    "up.weight conv",
    "gain constant",
  ]);
});

test("one name with two shapes, a wrong depthwise and maps of two sizes are refused", () => {
  const refused = (code: string, bad: Network) => {
    expect(() => countCost(bad, [INPUT, { c: 3, h: 4, w: 8 }])).toThrow(expect.objectContaining({ code }));
  };
  refused("weight-shape", (ops, [x]) => {
    if (x === undefined) return [];
    return [ops.conv2d(ops.conv2d(x, "a", { filters: 4, kernel: 3 }), "a", { filters: 4, kernel: 3 })];
  });
  refused("conv-size", (ops, [x]) =>
    x === undefined ? [] : [ops.conv2d(x, "a", { filters: 4, kernel: 3, depthwise: true })],
  );
  refused("shape-mismatch", (ops, [x, y]) => (x === undefined || y === undefined ? [] : [ops.add(x, y)]));
  refused("shape-mismatch", (ops, [x, y]) =>
    x === undefined || y === undefined ? [] : [ops.concat([x, y])],
  );
});

test("TensorFlow's same padding always gives ceil(size / stride), the odd pixel right and bottom", () => {
  const sizes = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(
      sizes,
      sizes,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 3 }),
      (h, w, kernel, stride) => {
        const input = { c: 1, h, w };
        const options = { filters: 1, kernel, stride, padding: "same-tf" as const };
        expect(convOutput(input, "conv", options)).toEqual({
          c: 1,
          h: Math.ceil(h / stride),
          w: Math.ceil(w / stride),
        });
        const { top, bottom, left, right } = convPads(input, options);
        expect([0, 1]).toContain(bottom - top);
        expect([0, 1]).toContain(right - left);
      },
    ),
  );
});

test("initial weights depend on the seed and their own name only", () => {
  const specs = countCost(network, [INPUT]).weights;
  const gain = new Map([["gain", { shape: [4], data: Float32Array.of(1, 2, 3, 4) }]]);
  const weights = initializeWeights(specs, 5, gain);
  expect(initializeWeights([...specs].reverse(), 5, gain).get("dw.weight")).toEqual(weights.get("dw.weight"));
  expect(initializeWeights(specs, 6, gain).get("dw.weight")).not.toEqual(weights.get("dw.weight"));
  expect(weights.get("gain")).toBe(gain.get("gain"));
  expect(weights.get("bn.running_var")?.data).toEqual(new Float32Array(8).fill(1));
  expect(weights.get("bn.bias")?.data).toEqual(new Float32Array(8));
  expect(() => initializeWeights(specs, 5)).toThrow(expect.objectContaining({ code: "missing-weight" }));
});

test("convolutions start with the deviation of Kaiming's fan-out", () => {
  const spec = { name: "w", shape: [64, 32, 3, 3], kind: "conv" as const };
  const { data } = initializeWeights([spec], 1).get("w") ?? { data: new Float32Array() };
  const square = data.reduce((sum, value) => sum + value ** 2, 0) / data.length;
  expect(Math.sqrt(square)).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 2);
});

test("random numbers are the same for the same seed, uniform and normal", () => {
  const draw = (seed: number) => Array.from({ length: 4 }, createRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  const random = createRandom(3);
  const uniform = Array.from({ length: 20_000 }, random);
  expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(uniform.reduce((sum, value) => sum + value, 0) / 20_000).toBeCloseTo(0.5, 1);
  const bell = Array.from({ length: 20_000 }, () => normal(random));
  expect(bell.reduce((sum, value) => sum + value ** 2, 0) / 20_000).toBeCloseTo(1, 1);
});
