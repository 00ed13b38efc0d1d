import type { Rows } from "./coreset.ts";
import { RINGS, ringsOf } from "./border.ts";

/** Rows a picture offers; every second one from a ring drawn first, so that corners, few and odd, are among them. */
const OFFERED = 256;

/**
 * Patch features to choose a bank from: a seeded sample of all pictures that never grows beyond its capacity, whichever
 * number of pictures comes (reservoir sampling, Vitter 1985, algorithm R).
 */
export class Candidates {
  readonly #dims: number;
  readonly #capacity: number;
  readonly #random: () => number;
  readonly #places: number;
  readonly #rings: readonly (readonly number[])[];
  readonly #data: Float32Array;
  #seen = 0;

  /** @param random numbers in [0, 1) */
  constructor(
    grid: { readonly c: number; readonly h: number; readonly w: number },
    capacity: number,
    random: () => number,
  ) {
    this.#dims = grid.c;
    this.#capacity = capacity;
    this.#random = random;
    this.#places = grid.h * grid.w;
    const ringOf = ringsOf(grid.h, grid.w);
    const rings = Array.from({ length: RINGS }, (): number[] => []);
    for (const [place, ring] of ringOf.entries()) rings[ring]?.push(place);
    this.#rings = rings.filter((ring) => ring.length > 0);
    this.#data = new Float32Array(capacity * grid.c);
  }

  /** @param features of one or more pictures, [n, h, w, C] as they lie in memory */
  add(features: Float32Array): void {
    const picture = this.#places * this.#dims;
    for (let start = 0; start < features.length; start += picture)
      for (let offer = 0; offer < Math.min(OFFERED, this.#places); offer++) {
        const place = offer % 2 === 0 ? this.#draw(this.#places) : this.#drawByRing();
        this.#offer(features, start + place * this.#dims);
      }
  }

  /** Those that were kept, in no order. */
  rows(): Rows {
    const count = Math.min(this.#seen, this.#capacity);
    return { count, dims: this.#dims, data: this.#data.subarray(0, count * this.#dims) };
  }

  #draw(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #drawByRing(): number {
    const ring = this.#rings[this.#draw(this.#rings.length)] ?? [];
    return ring[this.#draw(ring.length)] ?? 0;
  }

  #offer(features: Float32Array, start: number): void {
    const slot = this.#seen < this.#capacity ? this.#seen : this.#draw(this.#seen + 1);
    this.#seen++;
    if (slot < this.#capacity)
      this.#data.set(features.subarray(start, start + this.#dims), slot * this.#dims);
  }
}
