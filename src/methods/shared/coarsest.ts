import type { Ops, Shape } from "../../graph/ops.ts";

/** The coarsest of the levels, which are finest first. @throws RangeError without levels. */
export function coarsestOf(shapes: readonly Shape[]): Shape {
  const coarsest = shapes.at(-1);
  if (!coarsest) throw new RangeError("At least one level is needed; got none.");
  return coarsest;
}

/** All levels, finest first, averaged to the size of the coarsest, which divides theirs. */
export function pooledToCoarsest<T>(ops: Ops<T>, levels: readonly T[]): readonly T[] {
  const coarsest = coarsestOf(levels.map((level) => ops.shape(level)));
  return levels.map((level) => {
    const kernel = ops.shape(level).h / coarsest.h;
    return kernel === 1 ? level : ops.avgPool(level, kernel);
  });
}
