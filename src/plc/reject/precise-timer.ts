/** Monotonic time and what waits for it; an argument, so that tests own the time. */
export interface Clock {
  /** Monotonic ms, fractional. */
  now(): number;
  /** Calls `fire` after about `ms`. @returns a function that takes it back */
  after(ms: number, fire: () => void): () => void;
  /** Calls `fire` when the event loop has done what waits. @returns a function that takes it back */
  soon(fire: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => {
      clearTimeout(timer);
    };
  },
  soon: (fire) => {
    const immediate = setImmediate(fire);
    return () => {
      clearImmediate(immediate);
    };
  },
};

/** Node's timers count whole ms and come up to 1 ms late: from here on we look at each turn of the event loop instead. */
const NEAR_MS = 2;
/** Longest sleep; setTimeout itself knows no more than 2^31 ms. */
const LONGEST_MS = 60_000;

/** One alarm, right to a fraction of a ms as long as the event loop turns; it never blocks the loop. */
export class PreciseTimer {
  readonly #clock: Clock;
  readonly #fire: () => void;
  #at: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, fire: () => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Fires once at the monotonic time `at`, at once if that is past; replaces what was set before. Null: never. */
  set(at: number | null): void {
    if (at === this.#at) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#at = at;
    this.#wait();
  }

  #wait(): void {
    if (this.#at === null) return;
    const remainingMs = this.#at - this.#clock.now();
    const look = (): void => {
      this.#look();
    };
    this.#cancel =
      remainingMs > NEAR_MS
        ? this.#clock.after(Math.min(Math.floor(remainingMs - NEAR_MS), LONGEST_MS), look)
        : this.#clock.soon(look);
  }

  #look(): void {
    this.#cancel = null;
    if (this.#at === null) return;
    if (this.#clock.now() < this.#at) {
      this.#wait();
      return;
    }
    this.#at = null;
    this.#fire();
  }
}
