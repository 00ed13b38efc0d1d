/** The wall clock and the clock that never steps, read at the same moment. */
export interface ClockReading {
  /** Epoch ms. */
  readonly wallMs: number;
  /** `performance.now()`. */
  readonly monotonicMs: number;
}

const TOLERANCE_MS = 250;
const MAX_SLEW = 0.001; // adjtimex(2) slews by at most 500 ppm; twice that is no step

/**
 * How far the wall clock was set forth (positive) or back between two readings, ms; null if it only ran. A clock that NTP
 * slews is no step.
 */
export function clockStep(before: ClockReading, after: ClockReading): number | null {
  const elapsed = after.monotonicMs - before.monotonicMs;
  const stepMs = after.wallMs - before.wallMs - elapsed;
  return Math.abs(stepMs) > TOLERANCE_MS + MAX_SLEW * elapsed ? stepMs : null;
}

/** Watches the wall clock for steps. Promises.md R21: they are told, and change neither order nor verdicts. */
export class ClockWatch {
  readonly #read: () => ClockReading;
  #last: ClockReading;
  #steadySince: number;

  constructor(read: () => ClockReading) {
    this.#read = read;
    this.#last = read();
    this.#steadySince = this.#last.monotonicMs;
  }

  /** Time without a step, ms, as of the last `check`. */
  get steadyMs(): number {
    return this.#last.monotonicMs - this.#steadySince;
  }

  /** The step since the last check, ms; null: none. */
  check(): number | null {
    const reading = this.#read();
    const stepMs = clockStep(this.#last, reading);
    this.#last = reading;
    if (stepMs !== null) this.#steadySince = reading.monotonicMs;
    return stepMs;
  }
}
