import type { Level } from "../../method.ts";
import { RINGS, ringsOf } from "./border.ts";
import type { Rows } from "./coreset.ts";
import { patchShape } from "./patch-features.ts";
import { createPatchReader, type ReadPatch } from "./patch-reader.ts";

/** Rows a picture offers; every second one from a ring drawn first, so that corners, few and odd, are among them. */
const OFFERED = 256;

/**
 * Patch features to choose a bank from: a seeded sample of all pictures that never grows beyond its capacity, whichever
 * number of pictures comes (reservoir sampling, Vitter 1985, algorithm R).
 */
export class Candidates {
  readonly #levels: readonly Level[];
  readonly #read: ReadPatch;
  readonly #dims: number;
  readonly #capacity: number;
  readonly #random: () => number;
  readonly #places: number;
  readonly #rings: readonly (readonly number[])[];
  readonly #data: Float32Array;
  #seen = 0;

  /** @param random numbers in [0, 1) */
  constructor(levels: readonly Level[], capacity: number, random: () => number) {
    const grid = patchShape(levels);
    this.#levels = levels;
    this.#read = createPatchReader(levels);
    this.#dims = grid.c;
    this.#capacity = capacity;
    this.#random = random;
    this.#places = grid.h * grid.w;
    const rings = Array.from({ length: RINGS }, (): number[] => []);
    for (const [place, ring] of ringsOf(grid.h, grid.w).entries()) rings[ring]?.push(place);
    this.#rings = rings.filter((ring) => ring.length > 0);
    this.#data = new Float32Array(capacity * grid.c);
  }

  /** @param records features of pictures, [n, H, W, C] as they lie in memory, one a level */
  add(records: readonly Float32Array[]): void {
    const [finest] = this.#levels;
    const pictures = (records[0]?.length ?? 0) / (this.#places * (finest?.shape.c ?? 1));
    for (let picture = 0; picture < pictures; picture++)
      for (let offer = 0; offer < Math.min(OFFERED, this.#places); offer++) {
        const place = offer % 2 === 0 ? this.#draw(this.#places) : this.#drawByRing();
        const slot = this.#slot();
        if (slot < this.#capacity) this.#read(records, { picture, place }, this.#data, slot * this.#dims);
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

  /** Where the next row goes; at or above the capacity: nowhere. */
  #slot(): number {
    const slot = this.#seen < this.#capacity ? this.#seen : this.#draw(this.#seen + 1);
    this.#seen++;
    return slot;
  }
}
