/** A whole number in 0..2^32-1 that looks random, from three whole numbers: the same on every machine. */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b) ^ Math.imul(seed, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** White noise, -1..1. */
function whiteNoise(x: number, y: number, seed: number): number {
  return hash(x, y, seed) / 0x8000_0000 - 1;
}

/** Smooth noise with features of one unit, -1..1. */
export function valueNoise(x: number, y: number, seed: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = fade(x - left);
  const fy = fade(y - top);
  const upper = mix(whiteNoise(left, top, seed), whiteNoise(left + 1, top, seed), fx);
  const lower = mix(whiteNoise(left, top + 1, seed), whiteNoise(left + 1, top + 1, seed), fx);
  return mix(upper, lower, fy);
}

/** Like `valueNoise`, repeating after so many columns and rows (whole numbers). */
export function periodicNoise(
  x: number,
  y: number,
  { columns, rows, seed }: { readonly columns: number; readonly rows: number; readonly seed: number },
): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = fade(x - left);
  const fy = fade(y - top);
  const first = left % columns;
  const second = (left + 1) % columns;
  const upper = mix(whiteNoise(first, top % rows, seed), whiteNoise(second, top % rows, seed), fx);
  const below = (top + 1) % rows;
  const lower = mix(whiteNoise(first, below, seed), whiteNoise(second, below, seed), fx);
  return mix(upper, lower, fy);
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
