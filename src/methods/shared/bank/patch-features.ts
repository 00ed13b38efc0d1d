import type { Ops, Shape, Weight } from "../../../graph/ops.ts";
import type { Level } from "../../method.ts";
import { resampleMatrix } from "../resample.ts";

/** Size and channels of the patch features of these levels: the grid of the finest, the channels of all. */
export function patchShape(levels: readonly Level[]): Shape {
  const [finest] = levels;
  if (!finest) throw new RangeError("A memory bank needs at least one level; got none.");
  return { ...finest.shape, c: levels.reduce((sum, { shape }) => sum + shape.c, 0) };
}

/**
 * Locally aware patch features (PatchCore §3.1): every level averaged over 3 × 3, brought to the grid of the finest by
 * bilinear up-sampling, concatenated. Beyond the border there is nothing to average, so that constants stay what they are
 * there too (the paper averages zeros in). Both steps are linear and separable: one matrix a level and axis.
 * @param features teacher features, finest first   @returns C × h × w, see `patchShape`
 */
export function patchFeatures<T>(ops: Ops<T>, features: readonly T[]): T {
  const [finest] = features;
  if (finest === undefined) throw new RangeError("A memory bank needs at least one level; got none.");
  const grid = ops.shape(finest);
  return ops.concat(
    features.map((feature) => {
      const { h, w } = ops.shape(feature);
      return ops.resample(feature, averageAndGrow(grid.h, h), averageAndGrow(grid.w, w));
    }),
  );
}

/** `upsample · average` along one axis: [to, from], each row sums to 1. */
export function averageAndGrow(to: number, from: number): Weight {
  const grow = resampleMatrix(to, from, 0).data;
  const data = new Float32Array(to * from);
  for (let row = 0; row < to; row++)
    for (let place = 0; place < from; place++) {
      const weight = grow[row * from + place] ?? 0;
      if (weight === 0) continue;
      const [first, last] = [Math.max(place - 1, 0), Math.min(place + 1, from - 1)];
      for (let at = first; at <= last; at++)
        data[row * from + at] = (data[row * from + at] ?? 0) + weight / (last - first + 1);
    }
  return { shape: [to, from], data };
}
