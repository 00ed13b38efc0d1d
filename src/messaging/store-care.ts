import type { Logger } from "pino";
import type { StoreLimits } from "../store/protocol.ts";
import type { Store } from "../store/store.ts";
import { Timers } from "./timers.ts";

const EVERY_MS = 3_600_000;
const NEARLY_FULL = 0.8; // promises.md S14 (IEC 62443-4-2 CR 2.9)

export interface StoreCareOptions {
  readonly store: Pick<Store, "prune" | "sizes">;
  readonly limits: Pick<StoreLimits, "maxAuditEntries">;
  /** Records and publishes it. */
  readonly event: (kind: string, data: Readonly<Record<string, unknown>>) => void;
  readonly logger: Logger;
}

/** Keeps the store within its limits, every hour, and tells when the audit trail will soon lose its oldest entries. */
export class StoreCare {
  readonly #options: StoreCareOptions;
  readonly #timers = new Timers();
  #isTold = false;

  constructor(options: StoreCareOptions) {
    this.#options = options;
  }

  start(): void {
    void this.look();
    this.#timers.after(EVERY_MS, () => {
      this.start();
    });
  }

  stop(): void {
    this.#timers.clear();
  }

  /** Once, now. Never rejects. */
  async look(): Promise<void> {
    const { store, limits, logger } = this.#options;
    try {
      await store.prune();
      const { auditEntries } = await store.sizes();
      const max = limits.maxAuditEntries ?? Infinity;
      if (!this.#isTold && auditEntries >= NEARLY_FULL * max) this.#tell(auditEntries, max);
    } catch (error) {
      logger.warn({ err: error }, "history not pruned");
    }
  }

  /** Once a run. */
  #tell(entries: number, max: number): void {
    const { event, logger } = this.#options;
    const text = `The audit trail has ${entries} of ${max} entries; above that the oldest give way. Keep them with "assayd report audit", or raise history.auditEntries.`;
    this.#isTold = true;
    logger.warn({ entries, max }, text);
    event("audit.nearly-full", { entries, max, text });
  }
}
