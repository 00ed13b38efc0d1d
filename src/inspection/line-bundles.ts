import type { QualityReference } from "../imaging/quality/quality-reference.ts";
import type { Thresholds } from "./decide.ts";

/** What a bundle holds for one of the recipes that it serves. */
export interface Served {
  readonly thresholds: Thresholds;
  /** What its good parts looked like; null in bundles of earlier versions. */
  readonly reference: QualityReference | null;
}

/** What the bundles that judge a line, or are about to, hold for its present recipe. */
export class ServedBundles {
  readonly #served = new Map<string, Served>();

  get(bundleId: string | null): Served | null {
    return bundleId === null ? null : (this.#served.get(bundleId) ?? null);
  }

  setThresholds(bundleId: string, thresholds: Thresholds): void {
    this.#served.set(bundleId, { thresholds, reference: this.get(bundleId)?.reference ?? null });
  }

  /** Known while `load` runs, and afterwards it alone; if that fails all is as before. */
  async change(bundleId: string, served: Served, load: () => Promise<unknown>): Promise<void> {
    const before = this.#served.get(bundleId); // of another recipe that the same bundle serves
    this.#served.set(bundleId, served);
    try {
      await load();
    } catch (error) {
      if (before) this.#served.set(bundleId, before);
      else this.#served.delete(bundleId);
      throw error;
    }
    for (const id of this.#served.keys()) if (id !== bundleId) this.#served.delete(id);
  }
}
