import { describe, expect, it } from "vitest";
import { countCost } from "../../../../src/graph/cost.ts";
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
  maps: ["gate", "distance", "nearest"],
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

const random = createRandom(31);
const features = LEVELS.map(({ shape }) => randomMap(shape, random));
const inputs = LEVELS.map(({ shape }) => shape);

describe.each(SHAPES)("fusedNetwork of $maps, levels $compared, $student student", (shape) => {
  const weights = randomWeights(fusedNetwork(shape), inputs, random);

  it("is the sum of the single maps by their scales, plus the offset", () => {
    const singles = shape.maps.map((name) => {
      const [map] = runTf(singleMapNetwork(shape, name), weights, features);
      const [scale] = weights.get(`fusion.${name}.scale`)!.data;
      return map!.map((value) => value * scale!);
    });
    const [offset] = weights.get("fusion.offset")!.data;
    const sum = Float32Array.from({ length: SIDE * SIDE }, (_, at) =>
      singles.reduce((total, map) => total + map[at]!, offset!),
    );
    const [fused, ...more] = runTf(fusedNetwork(shape), weights, features);
    expect(more).toEqual([]);
    expect(relativeDifference(fused!, sum)).toBeLessThan(1e-5);
  });

  it("is the same in tfjs and ONNX Runtime", async () => {
    const [expected] = runTf(fusedNetwork(shape), weights, features);
    const [exported] = await runOnnx(fusedNetwork(shape), weights, features);
    expect(relativeDifference(exported!, expected!)).toBeLessThan(1e-4);
  });
});

it("asks for no weight of a map that is left out", () => {
  const names = (maps: FusedShape["maps"]): string[] =>
    countCost(fusedNetwork({ ...ALL, maps }), inputs).weights.map(({ name }) => name.split(".")[0]!);
  expect(new Set(names(["nearest"]))).toEqual(new Set(["bank", "fusion"]));
  expect(new Set(names(["gate"]))).toEqual(new Set(["standardize", "gate", "fusion"]));
  expect(new Set(names(["distance"]))).toEqual(new Set(["whiten", "student", "fusion"]));
});

it("comparedOf takes what belongs to the compared levels, in their order", () => {
  expect(comparedOf({ levels: LEVELS, compared: [3, 1] }, ["fine", "middle", "coarse"])).toEqual([
    "fine",
    "coarse",
  ]);
  expect(() => comparedOf({ levels: LEVELS, compared: [2] }, ["fine"])).toThrow(RangeError);
});
