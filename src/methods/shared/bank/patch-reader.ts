import { zip } from "../../../graph/zip.ts";
import type { Weight } from "../../../graph/ops.ts";
import type { Level } from "../../method.ts";
import { averageAndGrow, patchShape } from "./patch-features.ts";

/**
 * One patch feature of one picture, written to `into` from `at` on: what `patchFeatures` gives at that place. A bank looks
 * at a small share of all places, so that reading these is far quicker than computing and copying whole maps.
 * @param records features of pictures [n, H, W, C] as they lie in memory, one a level
 * @param from picture and place (row-major in the grid of the finest level)
 */
export type ReadPatch = (
  records: readonly Float32Array[],
  from: { readonly picture: number; readonly place: number },
  into: Float32Array,
  at: number,
) => void;

/** A reader for features of these levels; the same constant matrices as in the network text. */
export function createPatchReader(levels: readonly Level[]): ReadPatch {
  const grid = patchShape(levels);
  const axes = levels.map(({ shape }) => ({
    shape,
    rows: terms(averageAndGrow(grid.h, shape.h)),
    columns: terms(averageAndGrow(grid.w, shape.w)),
  }));
  return (records, { picture, place }, into, at) => {
    const [y, x] = [Math.floor(place / grid.w), place % grid.w];
    let channel = at;
    for (const [{ shape, rows, columns }, record] of zip(axes, records)) {
      const { c, h, w } = shape;
      into.fill(0, channel, channel + c);
      for (const row of rows[y] ?? [])
        for (const column of columns[x] ?? []) {
          const start = ((picture * h + row.at) * w + column.at) * c;
          const weight = row.weight * column.weight;
          for (let i = 0; i < c; i++)
            into[channel + i] = (into[channel + i] ?? 0) + weight * (record[start + i] ?? 0);
        }
      channel += c;
    }
  };
}

interface Term {
  readonly at: number;
  readonly weight: number;
}

/** The entries of each row of a matrix that are not 0. */
function terms({ shape: [to = 0, from = 0], data }: Weight): Term[][] {
  return Array.from({ length: to }, (_, row) =>
    Array.from(data.subarray(row * from, (row + 1) * from), (weight, at) => ({ at, weight })).filter(
      ({ weight }) => weight !== 0,
    ),
  );
}
