import type { Weights } from "../../../graph/ops.ts";
import { createRandom, hashSeed } from "../../../graph/random.ts";
import { COMPONENTS, compressed, compression } from "./compress.ts";
import type { Rows } from "./coreset.ts";
import { coreset } from "./coreset.ts";
import { keyWeights } from "./nearest-network.ts";
import { bankStandardization, pickRows, standardizedRows } from "./standardize-rows.ts";

export interface PatchBank {
  readonly keys: number;
  /** `bank.offset`, `bank.scale`, `bank.components.weight` where there are many channels, `bank.keys.*` */
  readonly weights: Weights;
}

/**
 * The bank: candidates standardised, brought to few channels, thinned out to a coreset.
 * @param candidates patch features of normals   @param size keys at most   @param places of the grid they will be compared on
 */
export function buildPatchBank(
  candidates: Rows,
  { size, places, seed }: { readonly size: number; readonly places: number; readonly seed: number },
): PatchBank {
  const standardization = bankStandardization(candidates);
  const standardized = standardizedRows(candidates, standardization);
  const components = candidates.dims > COMPONENTS ? compression(standardized, seed) : null;
  const rows = components === null ? standardized : compressed(standardized, components);
  const keys = pickRows(rows, coreset(rows, size, createRandom(hashSeed(seed, "coreset"))));
  const weights: Weights = new Map([
    ["bank.offset", standardization.offset],
    ["bank.scale", standardization.scale],
    ...(components === null ? [] : ([["bank.components.weight", components]] as const)),
    ...keyWeights(keys, places),
  ]);
  return { keys: keys.count, weights };
}
