const WRAP = 2 ** 32;

/**
 * Fires each time the conveyor has moved `everyCounts` further than ever before: jitter and reversing fire nothing, and what
 * comes back over the same place fires nothing again. Counts are those of a 32-bit counter that wraps.
 */
export class EncoderTrigger {
  readonly #everyCounts: number;
  readonly #fire: (at: number) => void;
  #last: number | null = null;
  #position = 0;
  #next: number;

  constructor(everyCounts: number, fire: (at: number) => void) {
    this.#everyCounts = everyCounts;
    this.#next = everyCounts;
    this.#fire = fire;
  }

  /** @param counts 0..2³²−1   @param at monotonic ms */
  update(counts: number, at: number): void {
    if (this.#last !== null) this.#position += shortestWay(this.#last, counts);
    this.#last = counts;
    while (this.#position >= this.#next) {
      this.#next += this.#everyCounts;
      this.#fire(at);
    }
  }

  /** The counter may have jumped (the PLC was away): counts anew from the next value. */
  lost(): void {
    this.#last = null;
  }
}

/** From one value of a 32-bit counter to the next, whichever direction is nearer. */
function shortestWay(from: number, to: number): number {
  const forward = (((to - from) % WRAP) + WRAP) % WRAP;
  return forward < WRAP / 2 ? forward : forward - WRAP;
}
