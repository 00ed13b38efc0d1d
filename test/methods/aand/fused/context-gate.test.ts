import { describe, expect, it } from "vitest";
import { countCost } from "../../../../src/graph/cost.ts";
import { createRandom } from "../../../../src/graph/random.ts";
import { contextGate } from "../../../../src/methods/aand/fused/context-gate.ts";
import {
  randomMap,
  randomWeights,
  relativeDifference,
  runOnnx,
  runTf,
} from "../../../contract/run-network.ts";
import { LEVELS } from "./seen-parts.ts";

const SHAPES = LEVELS.map(({ shape }) => shape);
const random = createRandom(8);
const weights = randomWeights(contextGate, SHAPES, random);
const features = SHAPES.map((shape) => randomMap(shape, random));

/** Logits after all values of one level are moved. */
function moved(level: number): Float32Array[] {
  const inputs = features.map(({ shape, data }, at) => ({
    shape,
    data: at === level ? data.map((value) => value + 1) : data,
  }));
  return runTf(contextGate, weights, inputs);
}

describe("contextGate", () => {
  it("gives one logit for each place of each level, finest first", () => {
    expect(countCost(contextGate, SHAPES).outputs).toEqual(SHAPES.map(({ h, w }) => ({ c: 1, h, w })));
  });

  it("begins at the coarsest level, the widest: a level is judged with all coarser ones and none that is finer", () => {
    const lateral = (step: number) => weights.get(`gate.${step}.lateral.conv.weight`)?.shape;
    expect([lateral(0), lateral(1), lateral(2)]).toEqual([
      [64, 12, 1, 1],
      [48, 8, 1, 1],
      [32, 6, 1, 1],
    ]);
    const before = runTf(contextGate, weights, features);
    const changes = [0, 1, 2].map((level) =>
      moved(level).map((logits, at) => relativeDifference(logits, before[at]!) > 1e-4),
    );
    expect(changes).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it("sees beyond a place: what is odd at one changes the logits of its neighbours", () => {
    const [before] = runTf(contextGate, weights, features);
    const [fine, ...coarser] = features;
    const data = Float32Array.from(fine!.data);
    data[5 * 16 + 5]! += 5;
    const [after] = runTf(contextGate, weights, [{ shape: fine!.shape, data }, ...coarser]);
    const changed = [...after!].flatMap((value, place) =>
      Math.abs(value - before![place]!) > 1e-5 ? [place] : [],
    );
    expect(changed.length).toBeGreaterThan(1);
    for (const place of changed) {
      expect(Math.abs((place % 16) - 5)).toBeLessThanOrEqual(1);
      expect(Math.abs(Math.floor(place / 16) - 5)).toBeLessThanOrEqual(1);
    }
  });

  it("works on one level, and on levels 1 and 3 alone", () => {
    for (const shapes of [SHAPES.slice(2), [SHAPES[0]!, SHAPES[2]!]])
      expect(countCost(contextGate, shapes).outputs).toEqual(shapes.map(({ h, w }) => ({ c: 1, h, w })));
  });

  it("is the same in tfjs and ONNX Runtime", async () => {
    const expected = runTf(contextGate, weights, features);
    for (const [at, logits] of (await runOnnx(contextGate, weights, features)).entries())
      expect(relativeDifference(logits, expected[at]!)).toBeLessThan(1e-4);
  });
});
