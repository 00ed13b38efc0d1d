import { valueNoise } from "./noise.ts";

/** Texels a side; a power of two so that wrapping is a bit mask. */
const SIDE = 256;
const MASK = SIDE - 1;

/** A texture that repeats every 256 units: read it anywhere, at any fraction. */
export type Tile = (x: number, y: number) => number;

/**
 * Makes smooth noise (about -1..1) that repeats every 256 units and is cheap to read (bilinear).
 * @param octaves feature sizes in units, across and along, each with its weight
 */
export function createNoiseTile(
  seed: number,
  octaves: readonly { readonly across: number; readonly along: number; readonly weight: number }[],
): Tile {
  const texels = new Float32Array(SIDE * SIDE);
  octaves.forEach(({ across, along, weight }, octave) => {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const at = y * SIDE + x;
        texels[at] = texels[at]! + weight * valueNoise(x / across, y / along, seed + octave);
      }
    }
  });
  return (x, y) => {
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
