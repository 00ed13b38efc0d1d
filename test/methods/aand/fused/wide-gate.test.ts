import { describe, expect, it } from "vitest";
import { countCost } from "../../../../src/graph/cost.ts";
import { createRandom } from "../../../../src/graph/random.ts";
import { wideGate } from "../../../../src/methods/aand/fused/wide-gate.ts";
import type { Network, Shape } from "../../../../src/graph/ops.ts";
import {
  randomMap,
  randomWeights,
  relativeDifference,
  runOnnx,
  runTf,
} from "../../../contract/run-network.ts";

const network: Network = (ops, features) => [wideGate(ops, features)];
const random = createRandom(12);

const SIZES: readonly (readonly Shape[])[] = [
  [
    { c: 8, h: 32, w: 32 },
    { c: 12, h: 16, w: 16 },
  ],
  [
    { c: 8, h: 20, w: 36 },
    { c: 12, h: 10, w: 18 },
  ],
  [{ c: 12, h: 2, w: 2 }],
];

describe.each(SIZES.map((shapes) => ({ shapes })))("wideGate on $shapes", ({ shapes }) => {
  const weights = randomWeights(network, shapes, random);
  const features = shapes.map((shape) => randomMap(shape, random));
  const coarsest = shapes.at(-1)!;

  it("gives one logit for each place of the coarsest level", () => {
    expect(countCost(network, shapes).outputs).toEqual([{ c: 1, h: coarsest.h, w: coarsest.w }]);
  });

  it("sees far: what changes in a corner moves the logit in the middle", () => {
    const [before] = runTf(network, weights, features);
    const { h, w, c } = coarsest;
    const data = Float32Array.from(features.at(-1)!.data);
    for (let channel = 0; channel < c; channel++) data[channel * h * w]! += 20;
    const [after] = runTf(network, weights, [...features.slice(0, -1), { shape: coarsest, data }]);
    const middle = Math.floor(h / 2) * w + Math.floor(w / 2);
    expect(after![middle]).not.toBe(before![middle]);
  });

  it("is the same in tfjs and ONNX Runtime", async () => {
    const [expected] = runTf(network, weights, features);
    const [exported] = await runOnnx(network, weights, features);
    expect(relativeDifference(exported!, expected!)).toBeLessThan(1e-4);
  });
});
