import type { Size } from "../../domain/inspection.ts";

/** Luma (0..255) beyond which 99 % of the pixels make a picture black or white, and the spread below which it is flat. */
const BLACK_LUMA = 16; // "black" of BT.601 video; sensors with a pedestal stay below
const WHITE_LUMA = 240;
const FLAT_SPREAD = 3; // sensor noise alone spreads wider; a covered or disconnected sensor does not
const SAMPLES = 5000;
const SHARPNESS_STEP = 3; // odd: does not see only one colour of a checkerboard

/**
 * Says in words why a picture cannot be judged: black, white or flat; null if it can. Looks at 1st and 99th percentile of
 * luma of at most 5,000 pixels spread over the picture (0.05 ms). Blur is not judged: see `sharpness`.
 * @param data RGB8
 */
export function checkImage(data: Uint8Array): string | null {
  const histogram = new Uint32Array(256);
  const pixels = Math.floor(data.length / 3);
  if (pixels === 0) return "the picture is empty";
  const step = Math.max(1, Math.floor(pixels / SAMPLES)) | 1; // odd: does not walk down one column of an even width
  let count = 0;
  for (let i = 0; i < pixels; i += step, count++) {
    const bin = luma(data, i * 3);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  const low = percentile(histogram, count * 0.01);
  const high = percentile(histogram, count * 0.99);
  if (high < BLACK_LUMA)
    return `the picture is black (99 % of it below ${high + 1} of 255): is the light on, the lens free?`;
  if (low > WHITE_LUMA)
    return `the picture is white (99 % of it above ${low - 1} of 255): is the exposure too long?`;
  if (high - low < FLAT_SPREAD)
    return `the picture is flat (brightness ${low} to ${high} of 255): is the lens covered?`;
  return null;
}

/** Mean luma of RGB8, 0..255. */
export function brightness(data: Uint8Array): number {
  let sum = 0;
  const pixels = Math.floor(data.length / 3);
  for (let i = 0; i < pixels; i++) sum += luma(data, i * 3);
  return pixels === 0 ? 0 : sum / pixels;
}

/**
 * Variance of the 4-neighbour Laplacian of luma, >= 0: falls when the picture blurs. Source: Pech-Pacheco et al. 2000.
 * Looked at in every third row and column: all of them would hold up a frame by 10 ms, once a second.
 */
export function sharpness(data: Uint8Array, { width, height }: Size): number {
  let sum = 0;
  let squares = 0;
  const at = (x: number, y: number) => luma(data, (y * width + x) * 3);
  let count = 0;
  for (let y = 1; y < height - 1; y += SHARPNESS_STEP) {
    for (let x = 1; x < width - 1; x += SHARPNESS_STEP, count++) {
      const laplacian = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/** Notices identical pictures in a row: a real sensor's noise never repeats. */
export class FrozenCheck {
  readonly #limit: number;
  #last: Buffer | null = null;
  #repeats = 0;

  /** @param limit identical frames in a row that mean frozen; 0 turns it off */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns true while the last `limit` frames, this one included, are the same to the bit */
  isFrozen(data: Uint8Array): boolean {
    if (this.#limit === 0) return false;
    const current = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#repeats = this.#last?.equals(current) === true ? this.#repeats + 1 : 1;
    this.#last = current;
    return this.#repeats >= this.#limit;
  }
}

/** BT.601 luma in integers, 0..255. */
function luma(data: Uint8Array, at: number): number {
  return (77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0)) >> 8;
}

/** The smallest bin with at least `rank` samples at or below it. */
function percentile(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    seen += histogram[bin] ?? 0;
    if (seen >= rank && seen > 0) return bin;
  }
  return histogram.length - 1;
}
