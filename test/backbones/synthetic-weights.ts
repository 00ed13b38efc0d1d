import { countCost } from "../../src/graph/cost.ts";
import { initializeWeights } from "../../src/graph/initialize.ts";
import type { Weights } from "../../src/graph/ops.ts";
import { backboneByName } from "../../src/backbones/registry.ts";

/** Random weights that fit a backbone, as its weight file would hold them. */
export function syntheticWeights(name: string, seed = 1): Weights {
  return initializeWeights(countCost(backboneByName(name).features, [{ c: 3, h: 64, w: 64 }]).weights, seed);
}
