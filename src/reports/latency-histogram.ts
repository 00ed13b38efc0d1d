const RESOLUTION = 1.01; // neighbouring classes differ by 1 %
const LOWEST_MS = 0.01;

/** Durations of any number in constant memory; quantiles are within 1 %, the maximum is exact. */
export class LatencyHistogram {
  readonly #classes = new Map<number, number>();
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Ms; null if nothing was added. */
  get maxMs(): number | null {
    return this.#count === 0 ? null : this.#maxMs;
  }

  add(ms: number): void {
    const at = Math.ceil(Math.log(Math.max(ms, LOWEST_MS) / LOWEST_MS) / Math.log(RESOLUTION));
    this.#classes.set(at, (this.#classes.get(at) ?? 0) + 1);
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The value that a share of all does not exceed (nearest rank), ms. @param share 0..1; null if nothing was added */
  quantile(share: number): number | null {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [at, count] of [...this.#classes].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return Math.min(LOWEST_MS * RESOLUTION ** at, this.#maxMs);
    }
    return null;
  }
}
