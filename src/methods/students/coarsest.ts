import type { Shape } from "../../graph/ops.ts";

/** The coarsest of the levels, which are finest first. @throws RangeError without levels. */
export function coarsestOf(shapes: readonly Shape[]): Shape {
  const coarsest = shapes.at(-1);
  if (!coarsest) throw new RangeError("A student needs at least one level; got none.");
  return coarsest;
}
