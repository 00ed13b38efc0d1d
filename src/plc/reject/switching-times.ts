/** How exactly the ejector was switched: real minus planned time, ms; null before the first. */
export interface SwitchingFigures {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Of all since the start. */
  readonly maxMs: number | null;
}

/** Quantiles are those of the newest so many. */
const KEPT = 1000;

/** Keeps how late the newest switchings were. */
export class SwitchingTimes {
  readonly #errors: number[] = [];
  #count = 0;
  #maxMs: number | null = null;

  add(errorMs: number): void {
    this.#errors[this.#count % KEPT] = errorMs;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs ?? 0, errorMs);
  }

  get figures(): SwitchingFigures {
    const sorted = this.#errors.toSorted((a, b) => a - b);
    const quantile = (share: number): number | null =>
      sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    return { count: this.#count, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: this.#maxMs };
  }
}
