import type { Ops } from "../../graph/ops.ts";
import { zip } from "../../graph/zip.ts";
import type { Level } from "../method.ts";

/** (x + `standardize.<level>.offset`) · `standardize.<level>.scale` of each level: every channel to mean 0 and deviation 1. */
export function standardized<T>(ops: Ops<T>, levels: readonly Level[], features: readonly T[]): readonly T[] {
  return zip(levels, features).map(([{ level }, feature]) => {
    const name = `standardize.${level}`;
    const centered = ops.addConstant(feature, `${name}.offset`, [ops.shape(feature).c]);
    return ops.mulConstant(centered, `${name}.scale`);
  });
}
