import { luma } from "../../imaging/luma.ts";

/** Luma (0..255) beyond which 99 % of the pixels make a picture black or white, and the spread below which it is flat. */
const BLACK_LUMA = 16; // "black" of BT.601 video; sensors with a pedestal stay below
const WHITE_LUMA = 240;
const FLAT_SPREAD = 3; // sensor noise alone spreads wider; a covered or disconnected sensor does not
const SAMPLES = 5000;

/**
 * Says in words why a picture cannot be judged: black, white or flat; null if it can. Looks at 1st and 99th percentile of
 * luma of at most 5,000 pixels spread over the picture (0.05 ms). What needs to know the product is `checkQuality`'s.
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

/** The smallest bin with at least `rank` samples at or below it. */
function percentile(histogram: Uint32Array, rank: number): number {
  let seen = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    seen += histogram[bin] ?? 0;
    if (seen >= rank && seen > 0) return bin;
  }
  return histogram.length - 1;
}
