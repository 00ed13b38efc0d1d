import type { Logger } from "pino";
import type { CommandAudit } from "./commands.ts";
import { TokenBucket } from "./token-bucket.ts";

const REFUSALS_PER_S = 5; // a flood of bad commands must not push results out of the outbox
const REFUSALS_AT_ONCE = 50;

/** Records every change that a command made; of refusals only so many a second, with the number of those left out. */
export class Audit {
  readonly #logger: Logger;
  readonly #event: (kind: string, data: Readonly<Record<string, unknown>>, camera: string | null) => void;
  readonly #refusals = new TokenBucket(REFUSALS_PER_S, REFUSALS_AT_ONCE);
  #unrecorded = 0;

  /** @param event records and publishes it */
  constructor(
    logger: Logger,
    event: (kind: string, data: Readonly<Record<string, unknown>>, camera: string | null) => void,
  ) {
    this.#logger = logger;
    this.#event = event;
  }

  note({ kind, camera, change, ...entry }: CommandAudit): void {
    this.#logger.info({ kind, ...entry }, entry.text);
    if (kind === "command.refused" && !this.#refusals.take(performance.now())) {
      this.#unrecorded += 1;
      return;
    }
    const left = this.#unrecorded > 0 ? { unrecorded: this.#unrecorded } : {};
    this.#unrecorded = 0;
    this.#event(kind, { ...entry, ...change, ...left }, camera ?? null);
  }
}
