import type { Weights } from "../../../graph/ops.ts";
import { createRandom, hashSeed } from "../../../graph/random.ts";
import type { Rows } from "./coreset.ts";
import { coreset } from "./coreset.ts";
import { keyWeights } from "./nearest-network.ts";
import { projected } from "./projection.ts";
import { bankStandardization, pickRows, standardizedRows } from "./standardize-rows.ts";

/** Channels in which the coreset is chosen (PatchCore's code: 128; 64 chooses as well in half the time). */
const PROJECTED_DIMS = 64;

export interface PatchBank {
  readonly keys: number;
  /** `bank.offset`, `bank.scale`, `bank.keys.*` */
  readonly weights: Weights;
}

/**
 * The bank: candidates standardised, thinned out to a coreset.
 * @param candidates patch features of normals   @param size keys at most   @param places of the grid they will be compared on
 */
export function buildPatchBank(
  candidates: Rows,
  { size, places, seed }: { readonly size: number; readonly places: number; readonly seed: number },
): PatchBank {
  const standardization = bankStandardization(candidates);
  const rows = standardizedRows(candidates, standardization);
  const compared = projected(rows, PROJECTED_DIMS, createRandom(hashSeed(seed, "projection")));
  const keys = pickRows(rows, coreset(compared, size, createRandom(hashSeed(seed, "coreset"))));
  const weights: Weights = new Map([
    ["bank.offset", standardization.offset],
    ["bank.scale", standardization.scale],
    ...keyWeights(keys, places),
  ]);
  return { keys: keys.count, weights };
}
