import type { Weight } from "../../../graph/ops.ts";

/** Rings of the grid, from the border inwards, that are looked at one by one; the last is all the rest. */
export const RINGS = 8;

/** Ring of each place of a grid, row-major: its distance to the border, at most RINGS − 1. */
export function ringsOf(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width), at % width];
    return Math.min(y, x, height - 1 - y, width - 1 - x, RINGS - 1);
  });
}

/** Mean of the distance on good parts, by ring; null: none of its places is judged, or the grid is too small for it. */
export type RingMean = number | null;

/**
 * How much each ring of the distance map counts: where good parts are farther from the bank at the border than inside
 * (a teacher pads with zeros, so every picture's border looks odd in its own way), that ring is damped to the level of
 * the inside. Never amplified: a ring that normals rarely occupy is calm and would explode (accuracy.md, item 3).
 * @param means of held-out good parts; the last that there is, is the inside
 * @returns `bank.border` [1, height, width], values in 0..1
 */
export function borderWeight(means: readonly RingMean[], height: number, width: number): Weight {
  const inside = means.findLast((mean) => mean !== null) ?? 0;
  const weights = means.map((mean) => (mean !== null && mean > inside ? inside / mean : 1));
  const data = Float32Array.from(ringsOf(height, width), (ring) => weights[ring] ?? 1);
  return { shape: [1, height, width], data };
}

/** Sums up a distance map by ring, picture after picture. */
export class RingMeans {
  readonly #rings: Uint8Array;
  readonly #sums = new Float64Array(RINGS);
  readonly #counts = new Float64Array(RINGS);

  constructor(height: number, width: number) {
    this.#rings = ringsOf(height, width);
  }

  /** @param distances [height, width]   @param judged likewise, 1 where it counts; null: everywhere */
  add(distances: Float32Array, judged: Uint8Array | null): void {
    distances.forEach((distance, at) => {
      if (judged?.[at] === 0) return;
      const ring = this.#rings[at] ?? 0;
      this.#sums[ring] = (this.#sums[ring] ?? 0) + distance;
      this.#counts[ring] = (this.#counts[ring] ?? 0) + 1;
    });
  }

  means(): RingMean[] {
    return [...this.#sums].map((sum, ring) => {
      const count = this.#counts[ring] ?? 0;
      return count > 0 ? sum / count : null;
    });
  }
}
