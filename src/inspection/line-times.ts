import type { LineTimes } from "../domain/station-view.ts";

const KEPT = 1000;
const PERCENTILE = 0.95;

/** Trigger to verdict of the newest 1,000 parts. */
export class RecentTimes {
  readonly #ms = new Float64Array(KEPT);
  #count = 0;

  add(totalMs: number): void {
    this.#ms[this.#count % KEPT] = totalMs;
    this.#count += 1;
  }

  /** Begins anew. */
  clear(): void {
    this.#count = 0;
  }

  get summary(): LineTimes {
    const sorted = this.#ms.slice(0, Math.min(this.#count, KEPT)).sort();
    if (sorted.length === 0) return { minMs: null, meanMs: null, p95Ms: null, maxMs: null };
    const at = (share: number): number | null =>
      sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    return {
      minMs: at(0),
      meanMs: sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length,
      p95Ms: at(PERCENTILE),
      maxMs: at(1),
    };
  }
}
