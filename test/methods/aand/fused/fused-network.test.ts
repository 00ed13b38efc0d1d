import { describe, expect, it } from "vitest";
import { countCost } from "../../../../src/graph/cost.ts";
import type { Weights } from "../../../../src/graph/ops.ts";
import { createRandom } from "../../../../src/graph/random.ts";
import {
  comparedOf,
  fusedNetwork,
  type FusedShape,
  singleMapNetwork,
} from "../../../../src/methods/aand/fused/fused-network.ts";
import {
  randomMap,
  randomWeights,
  relativeDifference,
  runOnnx,
  runTf,
} from "../../../contract/run-network.ts";
import { LEVELS, MAP_SIZE, SIDE } from "./seen-parts.ts";

const ALL: FusedShape = {
  levels: LEVELS,
  compared: [2, 3],
  student: "compact",
  keys: 7,
  maps: ["gate", "wide", "distance", "nearest"],
  blurSigmaPx: 2,
  mapSize: MAP_SIZE,
};
const SHAPES: readonly FusedShape[] = [
  ALL,
  { ...ALL, student: "reverse", compared: [1, 2, 3] },
  { ...ALL, compared: [1, 3], blurSigmaPx: 0 },
  { ...ALL, maps: ["gate", "nearest"] },
  { ...ALL, maps: ["distance"] },
];

/** A floor below every value of a gate: nothing is cut off. */
const LOW = 0.25;
const lowFloor = (weights: Weights): Weights =>
  new Map([...weights, ["fusion.wide.floor", { shape: [1], data: Float32Array.of(LOW) }]]);

const random = createRandom(31);
const features = LEVELS.map(({ shape }) => randomMap(shape, random));
const inputs = LEVELS.map(({ shape }) => shape);

describe.each(SHAPES)("fusedNetwork of $maps, levels $compared, $student student", (shape) => {
  const weights = randomWeights(fusedNetwork(shape), inputs, random);

  it("is the sum of the single maps by their scales, plus the offset; of wide areas what exceeds the floor", () => {
    const singles = shape.maps.map((name) => {
      const [map] = runTf(singleMapNetwork(shape, name), lowFloor(weights), features);
      const [scale] = weights.get(`fusion.${name}.scale`)!.data;
      const [floor] = name === "wide" ? [LOW] : [0];
      return map!.map((value) => (value + floor) * scale!);
    });
    const [offset] = weights.get("fusion.offset")!.data;
    const sum = Float32Array.from({ length: SIDE * SIDE }, (_, at) =>
      singles.reduce((total, map) => total + map[at]!, offset!),
    );
    const [fused, ...more] = runTf(fusedNetwork(shape), lowFloor(weights), features);
    expect(more).toEqual([]);
    expect(relativeDifference(fused!, sum)).toBeLessThan(1e-5);
  });

  it("is the same in tfjs and ONNX Runtime", async () => {
    const [expected] = runTf(fusedNetwork(shape), weights, features);
    const [exported] = await runOnnx(fusedNetwork(shape), weights, features);
    expect(relativeDifference(exported!, expected!)).toBeLessThan(1e-4);
  });
});

it("adds nothing of wide areas where their map stays below the floor", () => {
  const shape: FusedShape = { ...ALL, maps: ["wide", "distance"] };
  const weights = randomWeights(fusedNetwork(shape), inputs, random);
  const constant = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
  const closed = new Map([...weights, ["fusion.wide.floor", constant(-1)] as const]);
  const without = new Map([...closed, ["fusion.wide.scale", constant(0)] as const]);
  const open = new Map([...closed, ["fusion.wide.floor", constant(0)] as const]);
  const mapOf = (used: Weights) => runTf(fusedNetwork(shape), used, features)[0]!;
  expect(mapOf(closed)).toEqual(mapOf(without));
  expect(mapOf(open)).not.toEqual(mapOf(without));
});

it("asks for no weight of a map that is left out", () => {
  const names = (maps: FusedShape["maps"]): string[] =>
    countCost(fusedNetwork({ ...ALL, maps }), inputs).weights.map(({ name }) => name.split(".")[0]!);
  expect(new Set(names(["nearest"]))).toEqual(new Set(["bank", "fusion"]));
  expect(new Set(names(["gate"]))).toEqual(new Set(["standardize", "gate", "fusion"]));
  expect(new Set(names(["wide"]))).toEqual(new Set(["standardize", "wide", "fusion"]));
  expect(new Set(names(["distance"]))).toEqual(new Set(["whiten", "student", "fusion"]));
});

it("comparedOf takes what belongs to the compared levels, in their order", () => {
  expect(comparedOf({ levels: LEVELS, compared: [3, 1] }, ["fine", "middle", "coarse"])).toEqual([
    "fine",
    "coarse",
  ]);
  expect(() => comparedOf({ levels: LEVELS, compared: [2] }, ["fine"])).toThrow(RangeError);
});
