import { hash, periodicNoise, valueNoise } from "./noise.ts";

/** Texels a side; a power of two so that wrapping is a bit mask. */
const SIDE = 256;
const MASK = SIDE - 1;

/** A texture that repeats every 256 units: read it anywhere, at any fraction. */
export type Tile = (x: number, y: number) => number;

/** Smooth noise of one feature size: units across and along, and its weight. */
export interface Octave {
  readonly across: number;
  readonly along: number;
  readonly weight: number;
}

/**
 * Makes smooth noise (about -1..1) that is cheap to read (bilinear). Has a seam every 256 units.
 * @param octaves feature sizes, each with its weight
 */
export function createNoiseTile(seed: number, octaves: readonly Octave[]): Tile {
  return tileOf((x, y) =>
    octaves.reduce(
      (sum, { across, along, weight }, octave) =>
        sum + weight * valueNoise(x / across, y / along, seed + octave),
      0,
    ),
  );
}

/** Like `createNoiseTile` without a seam: feature sizes are rounded so that whole numbers of them fill 256 units. */
export function createSeamlessTile(seed: number, octaves: readonly Octave[]): Tile {
  const lattices = octaves.map(({ across, along, weight }) => ({
    columns: Math.max(1, Math.round(SIDE / across)),
    rows: Math.max(1, Math.round(SIDE / along)),
    weight,
  }));
  return tileOf((x, y) =>
    lattices.reduce((sum, { columns, rows, weight }, octave) => {
      const lattice = { columns, rows, seed: seed + octave };
      return sum + weight * periodicNoise((x * columns) / SIDE, (y * rows) / SIDE, lattice);
    }, 0),
  );
}

/**
 * Irregular cells, as of leather grain or terrazzo (Worley 1996): 0 on the border of two cells, up to about 1 in a cell's
 * middle. Without a seam.
 * @param cell mean width of a cell, units
 */
export function createCellTile(seed: number, cell: number): Tile {
  const count = Math.max(1, Math.round(SIDE / cell));
  const wrap = (i: number): number => ((i % count) + count) % count;
  return tileOf((x, y) => {
    const cx = (x * count) / SIDE;
    const cy = (y * count) / SIDE;
    let first = Infinity;
    let second = Infinity;
    for (let row = Math.floor(cy) - 1; row <= Math.floor(cy) + 1; row++) {
      for (let column = Math.floor(cx) - 1; column <= Math.floor(cx) + 1; column++) {
        const bits = hash(wrap(column), wrap(row), seed);
        const right = column + 0.15 + (0.7 * (bits & 0xffff)) / 0x10000 - cx;
        const down = row + 0.15 + (0.7 * (bits >>> 16)) / 0x10000 - cy;
        const distance = Math.sqrt(right * right + down * down);
        if (distance < first) [first, second] = [distance, first];
        else if (distance < second) second = distance;
      }
    }
    return second - first;
  });
}

/** Keeps `value` at every whole unit, from the first reading on: a tile that nobody reads costs nothing. */
function tileOf(value: (x: number, y: number) => number): Tile {
  let texels: Float32Array | null = null;
  const fill = (): Float32Array => {
    const filled = new Float32Array(SIDE * SIDE);
    for (let at = 0; at < filled.length; at++) filled[at] = value(at & MASK, Math.floor(at / SIDE));
    return filled;
  };
  return (x, y) => {
    texels ??= fill();
    const left = Math.floor(x);
    const top = Math.floor(y);
    const fx = x - left;
    const fy = y - top;
    const upper = (top & MASK) * SIDE;
    const lower = ((top + 1) & MASK) * SIDE;
    const first = left & MASK;
    const second = (left + 1) & MASK;
    const above = texels[upper + first]! * (1 - fx) + texels[upper + second]! * fx;
    const below = texels[lower + first]! * (1 - fx) + texels[lower + second]! * fx;
    return above * (1 - fy) + below * fy;
  };
}
