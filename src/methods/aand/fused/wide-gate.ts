import type { Ops } from "../../../graph/ops.ts";
import { lateral, separable } from "../../shared/blocks.ts";
import { pooledToCoarsest } from "../../shared/coarsest.ts";
import { averageMatrix, resampleMatrix } from "../../shared/resample.ts";

/** Channels all the way. */
const WIDTH = 64;
/** Sides of the coarse grids that a picture of any size is seen on. */
const GRIDS: readonly number[] = [8, 4];

/**
 * Where has a wide area another finish than the rest of the picture, though each by itself could be good? The other gate sees
 * a place and what lies around it; this one sees most of the picture, on 4 × 4 places, and back.
 * @param features standardised, finest first, each level half the size of the one before
 * @returns a logit 1 × h × w of the coarsest level
 */
export function wideGate<T>(ops: Ops<T>, features: readonly T[]): T {
  const merged = ops.concat(pooledToCoarsest(ops, features));
  const here = separable(ops, lateral(ops, merged, "wide.lateral", WIDTH), "wide.here", WIDTH);
  return ops.conv2d(withSurround(ops, here, GRIDS), "wide.logit", { filters: 1, kernel: 1, bias: true });
}

/** Each place with what it looks like around, on ever coarser grids. */
function withSurround<T>(ops: Ops<T>, x: T, [side, ...coarser]: readonly number[]): T {
  if (side === undefined) return x;
  const { h, w } = ops.shape(x);
  const name = `wide.grid${side}`;
  const average = ops.resample(x, averageMatrix(side, h), averageMatrix(side, w));
  const around = withSurround(ops, separable(ops, average, `${name}.down`, WIDTH), coarser);
  const grown = ops.resample(around, resampleMatrix(h, side, 0), resampleMatrix(w, side, 0));
  return separable(ops, ops.concat([x, grown]), `${name}.up`, WIDTH);
}
