export interface EncoderTriggerOptions {
  /** From one part to the next. */
  readonly everyCounts: number;
  /** The counter begins anew at this value. */
  readonly modulus: number;
  /** @param at when the conveyor was there, monotonic ms */
  readonly fire: (at: number) => void;
}

/** A report further on than this many parts, or back by more than one, is no motion: the counter was reset, or counts were lost. */
const MOST_PARTS_A_REPORT = 8;
/** A report that comes later than this after the one before does not say when the conveyor moved: at last, we say. */
const MOST_SPREAD_MS = 100;

/**
 * Fires each time the conveyor has moved `everyCounts` further than ever before: jitter and reversing fire nothing, and what
 * comes back over the same place fires nothing again.
 */
export class EncoderTrigger {
  readonly #options: EncoderTriggerOptions;
  #last: { readonly counts: number; readonly at: number } | null = null;
  #position = 0;
  #next: number;

  constructor(options: EncoderTriggerOptions) {
    this.#options = options;
    this.#next = options.everyCounts;
  }

  /**
   * @param counts 0 to modulus − 1   @param at monotonic ms
   * @returns false if the counter has leapt: it counts anew from here, and parts may have gone by unseen
   */
  update(counts: number, at: number): boolean {
    const { everyCounts, modulus } = this.#options;
    const last = this.#last;
    this.#last = { counts, at };
    if (last === null) return true;
    const moved = shortestWay(last.counts, counts, modulus);
    if (moved > MOST_PARTS_A_REPORT * everyCounts || moved < -everyCounts) return false;
    this.#move(moved, Math.max(last.at, at - MOST_SPREAD_MS), at);
    return true;
  }

  /** Parts of one report are spread over its time, so that each has a place of its own on the belt. */
  #move(moved: number, from: number, to: number): void {
    const begun = this.#position;
    this.#position += moved;
    while (this.#position >= this.#next) {
      const at = from + ((this.#next - begun) / moved) * (to - from);
      this.#next += this.#options.everyCounts;
      this.#options.fire(at);
    }
  }
}

/** From one value of the counter to the next, whichever direction is nearer. */
function shortestWay(from: number, to: number, modulus: number): number {
  const forward = (((to - from) % modulus) + modulus) % modulus;
  return forward < modulus / 2 ? forward : forward - modulus;
}
