import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ConfigError, DeliveryError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import type {
  Commit,
  Counters,
  Gap,
  Opened,
  OutboxMessage,
  OutboxRow,
  StoreCall,
  StoreFailure,
} from "./protocol.ts";
import type { StoreLimits, StoreReplies, StoreReport, StoreWorkerData } from "./protocol.ts";

const COMMIT_EVERY_MS = 20; // group commit, promises.md §4.3
const ROWS_PER_COMMIT = 2000;
const RETRY_MS = 1000;
const PENDING_ROWS = 10_000; // memory queue while the disk takes nothing, about 20 MB

export interface StoreOptions extends StoreLimits {
  /** Epoch ms. */
  readonly now: () => number;
  /** Called when the store begins to fail, and with null when it works again. */
  readonly onFailure: (failure: StoreFailure | null) => void;
  /** Called after each commit that added rows: there is something to publish. */
  readonly onCommitted?: () => void;
  /** A damaged file was moved to this path; an empty one was begun. */
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
  readonly #worker: Worker;
  readonly #options: StoreOptions;
  readonly #nextSeq: Map<string, number>;
  readonly #counters = new Map<string, Counters>();
  readonly #calls = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (failure: StoreFailure) => void }
  >();
  readonly #settled = new Set<() => void>();
  /** Where a damaged file was moved at open; null if it was sound or new. */
  readonly setAside: string | null;
  #rows: OutboxRow[] = [];
  #acknowledged: number[] = [];
  #lost: Gap[] = [];
  #reported: Gap[] = [];
  #countersReset: { camera: string; at: number }[] = [];
  #inFlight: Commit | null = null;
  #failure: StoreFailure | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastId: number;
  #lastCall = 0;
  #depth: number;
  #closed = false;

  /**
   * Opens (or makes) the file. A damaged one is renamed, never deleted; `setAside` says where.
   * @throws ConfigError if the file cannot be used at all (newer schema, folder not writable)
   */
  static async open(file: string, options: StoreOptions): Promise<Store> {
    const { maxMessages, historyDays } = options;
    const workerData: StoreWorkerData = { file, maxMessages, historyDays, openedAt: options.now() };
    const worker = new Worker(new URL("./store-worker.ts", import.meta.url), {
      workerData,
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const [report] = (await once(worker, "message")) as [StoreReport];
    if (report.type === "opened") return new Store(worker, options, report.opened);
    const failure = report.type === "open-failed" ? report.failure : { code: "store-failed", message: file };
    throw new ConfigError(failure.code, failure.message);
  }

  private constructor(worker: Worker, options: StoreOptions, opened: Opened) {
    this.#worker = worker;
    this.#options = options;
    this.#nextSeq = new Map(opened.lastSeq.map(({ camera, seq }) => [camera, seq + 1]));
    for (const counters of opened.counters)
      this.#counters.set(counterKey(counters.camera, counters.recipe), counters);
    this.#lastId = opened.lastId;
    this.#depth = opened.outboxDepth;
    this.setAside = opened.setAside;
    worker.on("message", (report: StoreReport) => {
      this.#receive(report);
    });
  }

  /** The first free sequence number of a camera (1 for a new one); rises with each inspection appended. */
  nextSeq(camera: string): number {
    return this.#nextSeq.get(camera) ?? 1;
  }

  /** Messages not yet acknowledged by the broker, those in memory included. */
  get outboxDepth(): number {
    return this.#depth + this.#rows.length - (this.#inFlight?.rows.length ?? 0);
  }

  /** Rows that are not on the disk yet. */
  get pending(): number {
    return this.#rows.length;
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
      this.#rows.push({ ...row, id: this.#lastId, at });
      if (row.inspection !== null) this.#count(row.inspection, row.recipe, at);
    }
    this.#bound();
    this.#schedule(COMMIT_EVERY_MS);
  }

  /**
   * Messages after `afterId`, in order: only what is on the disk, so that nothing is published that a power cut could
   * take back; while the disk fails, those in memory follow.
   */
  async readOutbox(afterId: number, limit: number): Promise<readonly OutboxMessage[]> {
    const stored = await this.#call("read-outbox", { type: "read-outbox", afterId, limit });
    if (this.#failure === null || stored.length >= limit) return stored;
    const reached = stored.at(-1)?.id ?? afterId;
    const inMemory = this.#rows.filter((row) => row.id > reached).slice(0, limit - stored.length);
    return [...stored, ...inMemory.map(toMessage)];
  }

  /** The broker has these: they leave the outbox with the next commit. */
  acknowledge(ids: readonly number[]): void {
    this.#acknowledged.push(...ids);
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** What was lost and not yet reported, at most one entry a camera and reason. */
  async readGaps(): Promise<readonly Gap[]> {
    const gaps = await this.#call("read-gaps", { type: "read-gaps" });
    const reported = [...(this.#inFlight?.reported ?? []), ...this.#reported];
    return gaps.flatMap((gap) => {
      const known = reported.find(({ camera, reason }) => camera === gap.camera && reason === gap.reason);
      if (known === undefined) return [gap];
      return gap.count > known.count ? [{ ...gap, from: known.to + 1, count: gap.count - known.count }] : [];
    });
  }

  /** The plant has been told of this gap. */
  gapReported(gap: Gap): void {
    this.#reported.push(gap);
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** Inspections with `fromSeq` ≤ seq ≤ `toSeq`, in order, at most `limit` (default 1,000). */
  history(camera: string, fromSeq: number, toSeq: number, limit = 1000): Promise<readonly Inspection[]> {
    return this.#call("history", { type: "history", camera, fromSeq, toSeq, limit });
  }

  /** Totals since the last reset, one entry a recipe; those not yet on the disk included. */
  counters(camera: string): readonly Counters[] {
    return [...this.#counters.values()].filter((counters) => counters.camera === camera);
  }

  resetCounters(camera: string): void {
    for (const [key, counters] of this.#counters) if (counters.camera === camera) this.#counters.delete(key);
    this.#countersReset.push({ camera, at: this.#lastId });
    this.#schedule(COMMIT_EVERY_MS);
  }

  /** Deletes inspections older than the history's length, in small steps. @returns how many */
  async prune(): Promise<number> {
    let deleted = 0;
    for (;;) {
      const chunk = await this.#call("prune", { type: "prune", now: this.#options.now() });
      deleted += chunk.deleted;
      if (chunk.deleted === 0) return deleted;
    }
  }

  /**
   * Resolves when everything handed over so far is on the disk.
   * @throws DeliveryError if it is not within `timeoutMs`
   */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    this.#schedule(0);
    while (!this.#idle()) {
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new DeliveryError(
          "store-not-flushed",
          `${this.#rows.length} rows are not on the disk after ${timeoutMs} ms. ${this.#failure?.message ?? ""}`,
        );
      }
      await this.#nextAnswer(left);
    }
  }

  /** Writes what is left (at most `timeoutMs`), then closes the file and ends the thread. */
  async close(timeoutMs = 2000): Promise<void> {
    if (this.#closed) return;
    try {
      await this.flush(timeoutMs);
    } finally {
      this.#closed = true;
      if (this.#timer !== null) clearTimeout(this.#timer);
      const ended = once(this.#worker, "exit");
      this.#worker.postMessage({ type: "close", callId: 0 });
      const kill = setTimeout(() => void this.#worker.terminate(), timeoutMs);
      await ended;
      clearTimeout(kill);
    }
  }

  #idle(): boolean {
    const waiting = this.#rows.length + this.#acknowledged.length + this.#lost.length + this.#reported.length;
    return this.#inFlight === null && waiting + this.#countersReset.length === 0;
  }

  #schedule(delayMs: number): void {
    if (this.#closed || this.#inFlight !== null) return;
    if (this.#timer !== null) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => void this.#commit(), delayMs);
  }

  async #commit(): Promise<void> {
    this.#timer = null;
    if (this.#inFlight !== null || this.#idle()) return;
    const commit: Commit = {
      rows: this.#rows.slice(0, ROWS_PER_COMMIT),
      acknowledged: this.#acknowledged,
      lost: this.#lost,
      reported: this.#reported,
      countersReset: this.#countersReset,
    };
    this.#inFlight = commit;
    [this.#acknowledged, this.#lost, this.#reported, this.#countersReset] = [[], [], [], []];
    try {
      const { outboxDepth } = await this.#call("commit", { type: "commit", commit });
      this.#committed(commit, outboxDepth);
    } catch (failure) {
      this.#notCommitted(commit, failure as DeliveryError);
    }
    for (const settle of [...this.#settled]) settle();
  }

  #committed(commit: Commit, outboxDepth: number): void {
    this.#inFlight = null;
    this.#rows = this.#rows.slice(commit.rows.length);
    this.#depth = outboxDepth;
    if (this.#failure !== null) {
      this.#failure = null;
      this.#options.onFailure(null);
    }
    if (commit.rows.length > 0 || commit.lost.length > 0) this.#options.onCommitted?.();
    if (!this.#idle()) this.#schedule(this.#rows.length >= ROWS_PER_COMMIT ? 0 : COMMIT_EVERY_MS);
  }

  #notCommitted(commit: Commit, { code, message }: DeliveryError): void {
    this.#inFlight = null;
    this.#acknowledged = [...commit.acknowledged, ...this.#acknowledged];
    this.#lost = [...commit.lost, ...this.#lost];
    this.#reported = [...commit.reported, ...this.#reported];
    this.#countersReset = [...commit.countersReset, ...this.#countersReset];
    this.#bound();
    const isNew = this.#failure?.code !== code;
    this.#failure = { code: code as StoreFailure["code"], message };
    if (isNew) this.#options.onFailure(this.#failure);
    this.#options.onCommitted?.(); // rows in memory may be published now
    this.#schedule(RETRY_MS);
  }

  /** Keeps the memory queue within its bound; the oldest rows go, and become gaps unless the broker has them. */
  #bound(): void {
    const busy = this.#inFlight?.rows.length ?? 0;
    const excess = this.#rows.length - Math.max(this.#options.maxPendingRows ?? PENDING_ROWS, busy);
    if (excess <= 0) return;
    const delivered = new Set(this.#acknowledged);
    for (const { id, inspection } of this.#rows.splice(busy, excess)) {
      if (delivered.has(id)) continue;
      const at = inspection?.seq ?? id;
      this.#lost = addGap(this.#lost, {
        camera: inspection?.camera ?? "",
        reason: "memory-full",
        from: at,
        to: at,
        count: 1,
      });
    }
  }

  #count({ camera, seq, verdict, reason }: Inspection, recipe: string, at: number): void {
    this.#nextSeq.set(camera, seq + 1);
    const key = counterKey(camera, recipe);
    const was = this.#counters.get(key) ?? {
      camera,
      recipe,
      triggers: 0,
      ok: 0,
      ng: 0,
      warn: 0,
      err: 0,
      late: 0,
      since: at,
    };
    const column = verdict.toLowerCase() as Lowercase<typeof verdict>;
    const late = was.late + (reason === "late" ? 1 : 0);
    this.#counters.set(key, { ...was, triggers: was.triggers + 1, late, [column]: was[column] + 1 });
  }

  #call<T extends StoreCall["type"]>(
    _type: T,
    call: Extract<StoreCall, { type: T }>,
  ): Promise<StoreReplies[T]> {
    if (this.#closed) return Promise.reject(new DeliveryError("store-closed", "The store is closed."));
    this.#lastCall += 1;
    const callId = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(callId, {
        resolve: (value) => {
          resolve(value as StoreReplies[T]);
        },
        reject: (failure) => {
          reject(new DeliveryError(failure.code, failure.message));
        },
      });
      this.#worker.postMessage({ ...call, callId });
    });
  }

  #receive(report: StoreReport): void {
    if (report.type === "set-aside") this.#options.onSetAside?.(report.path);
    if (report.type !== "reply" && report.type !== "failed") return;
    const call = this.#calls.get(report.callId);
    this.#calls.delete(report.callId);
    if (report.type === "reply") call?.resolve(report.value);
    else call?.reject(report.failure);
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

function counterKey(camera: string, recipe: string): string {
  return `${camera}/${recipe}`;
}

function toMessage({ id, topic, payload, qos, expiryS, at, inspection }: OutboxRow): OutboxMessage {
  return {
    id,
    topic,
    payload,
    qos,
    expiryS,
    at,
    camera: inspection?.camera ?? null,
    seq: inspection?.seq ?? null,
  };
}

function addGap(gaps: readonly Gap[], gap: Gap): Gap[] {
  const same = gaps.find((known) => known.camera === gap.camera && known.reason === gap.reason);
  if (same === undefined) return [...gaps, gap];
  const { from, to, count } = same;
  const merged = {
    ...gap,
    from: Math.min(from, gap.from),
    to: Math.max(to, gap.to),
    count: count + gap.count,
  };
  return gaps.map((known) => (known === same ? merged : known));
}
