import { DeliveryError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import { ClockWatch } from "../system/clock-step.ts";
import type { AuditCheck } from "./audit-chain.ts";
import { Pending } from "./pending.ts";
import type {
  Counters,
  Ejection,
  Gap,
  OutboxMessage,
  OutboxRow,
  PartFilter,
  SeqRange,
  StoredPart,
  StoreFailure,
  StoreLimits,
  StoreSizes,
} from "./protocol.ts";
import { StoreThread } from "./store-thread.ts";

const COMMIT_EVERY_MS = 20; // group commit, promises.md §4.3
const RETRY_MS = 1000;
const PENDING_ROWS = 10_000; // memory queue while the disk takes nothing, about 20 MB
const STEADY_MS = 6 * 3_600_000; // less than a shift, longer than a wrong clock goes unnoticed (promises.md R21)
const PAGE = 1000; // rows an answer

export interface StoreOptions extends StoreLimits {
  /** Epoch ms. */
  readonly now: () => number;
  /** Ms of a clock that never steps; default `performance.now`. */
  readonly monotonicNow?: () => number;
  /** Called when the store begins to fail (or fails in another way), and with null when it works again. */
  readonly onFailure: (failure: StoreFailure | null) => void;
  /** Called after each commit that added rows: there is something to publish. */
  readonly onCommitted?: () => void;
  /** A damaged file was moved to this path while running; an empty one was begun. */
  readonly onSetAside?: (path: string) => void;
  /** Rows kept in memory while the disk takes nothing; default 10,000, the newest win. */
  readonly maxPendingRows?: number;
}

/** What is handed to the store; it gives id and time. */
export type NewRow = Omit<OutboxRow, "id" | "at">;

/**
 * Durable record of inspections and of messages that must reach the broker. `append` never waits and never throws: rows
 * are written every 20 ms in one transaction by a worker thread, kept in a bounded memory queue while the disk is full
 * or broken, and written by themselves once it works again.
 */
export class Store {
  readonly #thread: StoreThread;
  readonly #options: StoreOptions;
  readonly #pending: Pending;
  readonly #nextSeq: Map<string, number>;
  readonly #counters: Map<string, Counters>;
  readonly #settled = new Set<() => void>();
  readonly #clock: ClockWatch;
  #failure: StoreFailure | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastId: number;
  #depth: number;
  #closed = false;

  /**
   * Opens (or makes) the file. A damaged one is renamed, never deleted; `setAside` says where.
   * @throws ConfigError if the file cannot be used at all (newer schema, folder not writable)
   */
  static async open(file: string, options: StoreOptions): Promise<Store> {
    const data = { file, limits: limitsOf(options), openedAt: options.now() };
    const thread = await StoreThread.open(data, (path) => options.onSetAside?.(path));
    return new Store(thread, options);
  }

  private constructor(thread: StoreThread, options: StoreOptions) {
    const { lastSeq, lastId, outboxDepth, counters } = thread.opened;
    this.#thread = thread;
    this.#options = options;
    const { now, monotonicNow = () => performance.now() } = options;
    this.#clock = new ClockWatch(() => ({ wallMs: now(), monotonicMs: monotonicNow() }));
    this.#pending = new Pending(options.maxPendingRows ?? PENDING_ROWS);
    this.#nextSeq = new Map(lastSeq.map(({ camera, seq }) => [camera, seq + 1]));
    this.#counters = new Map(counters.map((entry) => [counterKey(entry.camera, entry.recipe), entry]));
    this.#lastId = lastId;
    this.#depth = outboxDepth;
  }

  /** Where a damaged file was moved at open; null if it was sound or new. */
  get setAside(): string | null {
    return this.#thread.opened.setAside;
  }

  /** The first free sequence number of a camera (1 for a new one); rises with each inspection appended. */
  nextSeq(camera: string): number {
    return this.#nextSeq.get(camera) ?? 1;
  }

  /** Id of the newest message handed over; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Messages not yet acknowledged by the broker, those in memory included. */
  get outboxDepth(): number {
    return this.#depth + this.pending;
  }

  /** Rows that are not on the disk yet. */
  get pending(): number {
    return this.#pending.rows.length;
  }

  /** What is wrong with the disk or the file now; null if nothing is. */
  get failure(): StoreFailure | null {
    return this.#failure;
  }

  /** Hands rows over for the next group commit; an inspection and its message are written together or not at all. */
  append(rows: readonly NewRow[]): void {
    const at = this.#options.now();
    for (const row of rows) {
      this.#lastId += 1;
      this.#pending.add({ ...row, id: this.#lastId, at });
      if (row.inspection !== null) this.#count(row.inspection, row.recipe, at);
    }
    this.#schedule(COMMIT_EVERY_MS);
  }

  /**
   * Messages after `afterId`, in order: only what is on the disk, so that nothing is published that a power cut could
   * take back; while the disk fails, those in memory follow.
   */
  async readOutbox(afterId: number, limit: number): Promise<readonly OutboxMessage[]> {
    const stored = await this.#thread.call({ type: "read-outbox", afterId, limit });
    if (this.#failure === null || stored.length >= limit) return stored;
    const reached = stored.at(-1)?.id ?? afterId;
    return [...stored, ...this.#pending.messagesAfter(reached, limit - stored.length)];
  }

  /** The broker has these: they leave the outbox with the next commit. */
  acknowledge(ids: readonly number[]): void {
    this.#pending.acknowledge(ids);
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** What was lost and not yet reported, at most one entry a camera and reason. */
  async readGaps(): Promise<readonly Gap[]> {
    const gaps = await this.#thread.call({ type: "read-gaps" });
    return gaps.flatMap((gap) => {
      const known = this.#pending.reported.find(
        ({ camera, reason }) => camera === gap.camera && reason === gap.reason,
      );
      if (known === undefined) return [gap];
      return gap.count > known.count ? [{ ...gap, from: known.to + 1, count: gap.count - known.count }] : [];
    });
  }

  /** The plant has been told of this gap. */
  gapReported(gap: Gap): void {
    this.#pending.gapReported(gap);
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** What became of a part at the reject output; written with the next commit. */
  ejected(ejection: Ejection): void {
    this.#pending.ejected(ejection);
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** Inspections with `fromSeq` ≤ seq ≤ `toSeq`, in order, at most `limit` (default 1,000). */
  async history(
    camera: string,
    fromSeq: number,
    toSeq: number,
    limit = PAGE,
  ): Promise<readonly Inspection[]> {
    return (await this.parts(camera, { from: fromSeq, to: toSeq }, limit)).map(
      ({ inspection }) => inspection,
    );
  }

  /** The same with all that was stored of each part. */
  parts(camera: string, { from, to }: SeqRange, limit = PAGE): Promise<readonly StoredPart[]> {
    return this.#thread.call({ type: "history", camera, fromSeq: from, toSeq: to, limit });
  }

  /** Parts by id, verdict, camera or time, newest first. */
  findParts(filter: PartFilter): Promise<readonly StoredPart[]> {
    return this.#thread.call({ type: "find-parts", filter });
  }

  /** First and last part that were recorded from `from` to `to` (epoch ms, both included); null: none was. */
  seqRange(camera: string, from: number, to: number): Promise<SeqRange | null> {
    return this.#thread.call({ type: "seq-range", camera, from, to });
  }

  /** How much the file holds. */
  sizes(): Promise<StoreSizes> {
    return this.#thread.call({ type: "sizes" });
  }

  /** Follows the chain of the audit trail: slow on a long one, in the store's own thread. */
  checkAudit(): Promise<AuditCheck> {
    return this.#thread.call({ type: "check-audit" });
  }

  /** Totals since the last reset, one entry a recipe; those not yet on the disk included. */
  counters(camera: string): readonly Counters[] {
    return [...this.#counters.values()].filter((counters) => counters.camera === camera);
  }

  resetCounters(camera: string): void {
    for (const [key, counters] of this.#counters) if (counters.camera === camera) this.#counters.delete(key);
    this.#pending.resetCounters({ camera, afterId: this.#lastId });
    this.#schedule(COMMIT_EVERY_MS);
  }

  /**
   * Deletes what is beyond the limits, in small steps. Ages count only once the wall clock made no step for six
   * hours of running: a clock that was set wrong must not delete the history. @returns how many rows
   */
  async prune(): Promise<number> {
    for (let deleted = 0; ;) {
      this.#clock.check();
      const now = this.#clock.steadyMs >= STEADY_MS ? this.#options.now() : null;
      const chunk = await this.#thread.call({ type: "prune", order: { now, oldest: false } });
      if (chunk.deleted === 0) return deleted;
      deleted += chunk.deleted;
    }
  }

  /** Makes room in the file for new rows: if it has little, a chunk of the oldest inspections goes. @returns how many */
  async makeRoom(): Promise<number> {
    return (await this.#thread.call({ type: "prune", order: { now: null, oldest: true } })).deleted;
  }

  /**
   * Resolves when everything handed over so far is on the disk.
   * @throws DeliveryError if it is not within `timeoutMs`
   */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    this.#schedule(0);
    while (!this.#pending.idle) {
      const left = deadline - performance.now();
      if (left <= 0) {
        const why = this.#failure === null ? "The disk is slow." : this.#failure.message;
        throw new DeliveryError(
          "store-not-flushed",
          `${this.pending} rows are not on the disk after ${timeoutMs} ms. ${why}`,
        );
      }
      await this.#nextAnswer(left);
    }
  }

  /** Writes what is left (at most `timeoutMs`), then closes the file. @throws DeliveryError if not all was written */
  async close(timeoutMs = 2000): Promise<void> {
    if (this.#closed) return;
    try {
      await this.flush(timeoutMs);
    } finally {
      this.#closed = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      await this.#thread.close(timeoutMs);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#pending.out) return;
    if (this.#timer !== null) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => void this.#commit(), delayMs);
  }

  async #commit(): Promise<void> {
    this.#timer = null;
    this.#clock.check();
    const commit = this.#pending.take();
    if (commit === null) return;
    try {
      const { outboxDepth } = await this.#thread.call({ type: "commit", commit });
      this.#pending.done();
      this.#depth = outboxDepth;
      this.#setFailure(null);
      if (commit.rows.length > 0 || commit.lost.length > 0) this.#options.onCommitted?.();
      if (!this.#pending.idle) this.#schedule(COMMIT_EVERY_MS);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      this.#pending.failed();
      this.#setFailure({ code: error.code as StoreFailure["code"], message: error.message });
      this.#options.onCommitted?.(); // rows in memory may be published now
      this.#schedule(RETRY_MS);
    }
    for (const settle of [...this.#settled]) settle();
  }

  #setFailure(failure: StoreFailure | null): void {
    const changed = this.#failure?.code !== failure?.code;
    this.#failure = failure;
    if (changed) this.#options.onFailure(failure);
  }

  #count({ camera, seq, verdict, reason }: Inspection, recipe: string, at: number): void {
    this.#nextSeq.set(camera, seq + 1);
    const key = counterKey(camera, recipe);
    const none = {
      camera,
      recipe,
      triggers: 0,
      ok: 0,
      ng: 0,
      warn: 0,
      err: 0,
      late: 0,
      missed: 0,
      since: at,
    };
    const was = this.#counters.get(key) ?? none;
    const column = verdict.toLowerCase() as Lowercase<typeof verdict>;
    const late = was.late + (reason === "late" ? 1 : 0);
    const missed = was.missed + (reason === "not_ready" ? 1 : 0);
    this.#counters.set(key, { ...was, triggers: was.triggers + 1, late, missed, [column]: was[column] + 1 });
  }

  #nextAnswer(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#settled.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, timeoutMs);
      this.#settled.add(settle);
    });
  }
}

function limitsOf(options: StoreOptions): StoreLimits {
  const { maxMessages, maxBytes, outboxDays, historyDays, historyMaxBytes, maxAuditEntries } = options;
  return {
    maxMessages,
    historyDays,
    ...(maxBytes !== undefined && { maxBytes }),
    ...(outboxDays !== undefined && { outboxDays }),
    ...(historyMaxBytes !== undefined && { historyMaxBytes }),
    ...(maxAuditEntries !== undefined && { maxAuditEntries }),
  };
}

function counterKey(camera: string, recipe: string): string {
  return `${camera}/${recipe}`;
}
