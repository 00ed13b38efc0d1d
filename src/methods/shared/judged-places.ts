import type { Size } from "../../domain/inspection.ts";
import { tf } from "../../graph/tf.ts";
import type { JudgedBatches } from "../method.ts";

/** Where the pictures of one batch are judged, a mask of map size each; null: everywhere. */
export type JudgedAreas = readonly (Uint8Array | null)[];

/** Gives the areas of the next so many pictures of the batches, from the first on. */
export function areasInOrder({ judged }: JudgedBatches): (pictures: number) => JudgedAreas {
  let seen = 0;
  return (pictures) => {
    const areas = Array.from({ length: pictures }, (_, at) => judged?.(seen + at) ?? null);
    seen += pictures;
    return areas;
  };
}

/**
 * An area on the grid of a level (or of the map itself): a location counts if any judged pixel lies in it.
 * @returns h * w, 1 where judged
 */
export function areaOnGrid(
  area: Uint8Array,
  { width, height }: Size,
  { h, w }: { readonly h: number; readonly w: number },
): Uint8Array {
  const grid = new Uint8Array(h * w);
  for (const [pixel, inside] of area.entries()) {
    const row = Math.floor((Math.floor(pixel / width) * h) / height);
    if (inside === 1) grid[row * w + Math.floor(((pixel % width) * w) / width)] = 1;
  }
  return grid;
}

/**
 * Highest value of each channel at the judged places of each picture.
 * @param maps [n, h, w, C]   @param mapSize of the areas
 * @returns n rows of C
 */
export function highestJudged(maps: tf.Tensor4D, areas: JudgedAreas, mapSize: Size): number[][] {
  return tf.tidy(() => tf.max(judgedOnly(maps, areas, mapSize), [1, 2]).arraySync() as number[][]);
}

/** The maps with −∞ at all other places. */
function judgedOnly(maps: tf.Tensor4D, areas: JudgedAreas, mapSize: Size): tf.Tensor4D {
  if (areas.every((area) => area === null)) return maps;
  const [pictures, h, w] = maps.shape;
  const inside = new Uint8Array(pictures * h * w).fill(1);
  for (const [at, area] of areas.entries())
    if (area !== null) inside.set(areaOnGrid(area, mapSize, { h, w }), at * h * w);
  return tf.where(tf.tensor4d(inside, [pictures, h, w, 1], "bool"), maps, tf.fill(maps.shape, -Infinity));
}
