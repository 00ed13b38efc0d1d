import type { Clock } from "../../../src/plc/reject/precise-timer.ts";

interface Entry {
  readonly at: number;
  readonly fire: () => void;
}

/** Time that moves only when a test says so. Timers come to the whole ms, late, as Node's do. */
export class FakeClock implements Clock {
  #now: number;
  #waiting: Entry[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): () => void {
    return this.#add(this.#now + Math.max(1, Math.ceil(ms)), fire);
  }

  /** A turn of the event loop takes 0.05 ms. */
  soon(fire: () => void): () => void {
    return this.#add(this.#now + 0.05, fire);
  }

  /** Lets the time pass up to `time`, and everything happen that falls due. */
  runTo(time: number): void {
    for (;;) {
      const next = this.#waiting.reduce<Entry | undefined>(
        (first, entry) => (first === undefined || entry.at < first.at ? entry : first),
        undefined,
      );
      if (next === undefined || next.at > time) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = Math.max(this.#now, time);
  }

  /** The event loop sleeps until `time`: what fell due happens after it. */
  sleepTo(time: number): void {
    this.#now = time;
    this.runTo(time);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #add(at: number, fire: () => void): () => void {
    const entry = { at, fire };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }
}
