import type { Size } from "../domain/inspection.ts";
import type { Tile, Tiling } from "./tiling.ts";

/**
 * Adds a tile's map to the picture's, which begins with zeros; when all tiles are added it is whole.
 * @param map picture width * height, row-major   @param values tile width * height
 */
export type AddTile = (map: Float32Array, tile: Tile, values: Float32Array) => void;

/**
 * Puts the maps of tiles together to one map of the picture. Where tiles overlap, their maps are blended by squared sines
 * that fall to 0 at a tile's edge and sum to 1: no seam shows, and what a tile says at its very edge, where the teacher sees
 * padding instead of the neighbourhood, counts least. (The highest of both would keep just these border effects.) A place
 * that all its tiles call anomalous stays so.
 */
export function createStitcher({ picture, tile, tiles }: Tiling): AddTile {
  const across = edgeWeights(picture.width, tile.width, sorted(tiles.map(({ left }) => left)));
  const down = edgeWeights(picture.height, tile.height, sorted(tiles.map(({ top }) => top)));
  return (map, { left, top }, values) => {
    const weights = { columns: across.get(left)!, rows: down.get(top)! };
    addWeighted(map, picture, { left, top, ...tile }, { values, ...weights });
  };
}

/** A plain loop: it runs over every pixel of every tile. */
function addWeighted(
  map: Float32Array,
  { width }: Size,
  place: Tile & Size,
  part: {
    readonly values: Float32Array;
    readonly columns: Float32Array;
    readonly rows: Float32Array;
  },
): void {
  for (let y = 0; y < place.height; y++) {
    const row = part.rows[y]!;
    const from = (place.top + y) * width + place.left;
    for (let x = 0; x < place.width; x++) {
      map[from + x]! += row * part.columns[x]! * part.values[y * place.width + x]!;
    }
  }
}

const sorted = (starts: readonly number[]): number[] => [...new Set(starts)].sort((a, b) => a - b);

/** Weight of each pixel of each tile along one side, by the tile's start; over all tiles they sum to 1 at every pixel. */
function edgeWeights(side: number, length: number, starts: readonly number[]): Map<number, Float32Array> {
  const raw = starts.map((start, at) => {
    const before = starts[at - 1];
    const after = starts[at + 1];
    return Float64Array.from({ length }, (_, x) => {
      const rise = before === undefined ? 1 : fade(x + 0.5, before + length - start);
      const fall = after === undefined ? 1 : fade(length - x - 0.5, start + length - after);
      return rise * fall;
    });
  });
  const sums = new Float64Array(side);
  for (const [at, weights] of raw.entries())
    for (const [x, weight] of weights.entries()) sums[starts[at]! + x]! += weight;
  return new Map(
    raw.map((weights, at) => {
      const start = starts[at]!;
      return [start, Float32Array.from(weights, (weight, x) => weight / sums[start + x]!)];
    }),
  );
}

/** From 0 at a tile's edge to 1 where the overlap ends. */
function fade(distance: number, overlap: number): number {
  return distance >= overlap ? 1 : Math.sin((Math.PI / 2) * (distance / overlap)) ** 2;
}
