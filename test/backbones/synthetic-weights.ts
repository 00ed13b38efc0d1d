import { backboneByName } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import type { Weight } from "../../src/graph/ops.ts";

/** Weights that fit a backbone, as its file would hold them; all have one value, for speed. */
export function syntheticWeights(name: string, value = 0.01): Map<string, Weight> {
  const { weights } = countCost(backboneByName(name).features, [{ c: 3, h: 64, w: 64 }]);
  const numbers = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
  return new Map(
    weights.map(({ name, shape }) => [name, { shape, data: new Float32Array(numbers(shape)).fill(value) }]),
  );
}
