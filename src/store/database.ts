import { existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Inspection } from "../domain/inspection.ts";
import type { AuditCheck } from "./audit-chain.ts";
import { appendAudit, auditSize, checkAudit, pruneAudit } from "./audit-table.ts";
import {
  findParts,
  insertEjection,
  insertInspection,
  partsBySeq,
  pruneByAge,
  pruneOldest,
  seqRange,
} from "./inspection-table.ts";
import { migrate } from "./migrations.ts";
import {
  dropAbove,
  dropOlder,
  insertMessage,
  outboxTotal,
  readMessages,
  removeMessages,
  setOutboxTotal,
  type OutboxTotal,
} from "./outbox-table.ts";
import { isCorrupt } from "./sqlite-failure.ts";
import { Statements } from "./statements.ts";
import type {
  Commit,
  Counters,
  CountersReset,
  Gap,
  Opened,
  OutboxMessage,
  OutboxRow,
  PartFilter,
  PruneOrder,
  SeqRange,
  StoredPart,
  StoreLimits,
  StoreSizes,
} from "./protocol.ts";

const DAY_MS = 86_400_000;
const ROOM_ROWS = 500; // few: deleting takes space in the WAL first
const ROOM_BYTES = 4 * 1024 * 1024; // freed pages that new rows find in a file that cannot grow …
const ROOM_SHARE = 1 / 4; // … but no more of the file than this

/**
 * The SQLite file: inspections, outbox, audit trail, sequence numbers, gaps and counters. Every call blocks until the disk
 * has it (WAL, `synchronous=FULL`: NORMAL lost acknowledged rows in each power cut measured), so it lives in a worker thread.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #limits: StoreLimits;
  readonly #statements: Statements;
  #outbox: OutboxTotal;

  constructor(file: string, limits: StoreLimits) {
    this.#database = new DatabaseSync(file);
    this.#statements = new Statements(this.#database);
    this.#limits = limits;
    try {
      this.#database.exec(
        "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 16777216",
      );
      migrate(this.#database, file);
      this.#outbox = outboxTotal(this.#statements);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** What is in the file now. */
  contents(): Omit<Opened, "setAside"> {
    const sequences = this.#statements.of("SELECT name, last FROM sequence").all();
    const lastSeq = sequences.map((row) => ({ camera: String(row.name), seq: Number(row.last) }));
    return {
      lastSeq: lastSeq.filter((entry) => entry.camera !== ""),
      lastId: lastSeq.find((entry) => entry.camera === "")?.seq ?? 0,
      outboxDepth: this.#outbox.messages,
      counters: this.#statements.of("SELECT * FROM counter").all() as unknown as Counters[],
    };
  }

  /** All of it, or (thrown error) nothing. @returns rows in the outbox */
  commit(commit: Commit): number {
    this.#transaction(() => {
      this.#insertAll(commit.rows, commit.countersReset);
      for (const ejection of commit.ejections) insertEjection(this.#statements, ejection);
      this.#shrink(removeMessages(this.#statements, commit.acknowledged));
      for (const gap of commit.lost) this.#addGap(gap);
      for (const gap of commit.reported) this.#removeGap(gap);
      const { maxMessages: messages, maxBytes: bytes = Infinity } = this.#limits;
      this.#dropped(dropAbove(this.#statements, this.#outbox, { messages, bytes }));
      setOutboxTotal(this.#statements, this.#outbox);
    });
    return this.#outbox.messages;
  }

  readOutbox(afterId: number, limit: number): OutboxMessage[] {
    return readMessages(this.#statements, afterId, limit);
  }

  gaps(): Gap[] {
    const select =
      "SELECT camera, reason, first AS 'from', last AS 'to', count FROM gap ORDER BY camera, reason";
    return this.#statements.of(select).all() as unknown as Gap[];
  }

  /** Parts with `from` ≤ seq ≤ `to`, in order, at most `limit`. */
  history(camera: string, range: SeqRange, limit: number): StoredPart[] {
    return partsBySeq(this.#statements, camera, range, limit);
  }

  findParts(filter: PartFilter): StoredPart[] {
    return findParts(this.#statements, filter);
  }

  seqRange(camera: string, from: number, to: number): SeqRange | null {
    return seqRange(this.#statements, camera, from, to);
  }

  checkAudit(): AuditCheck {
    return checkAudit(this.#statements);
  }

  sizes(): StoreSizes {
    return {
      bytes: this.#usedBytes(),
      outboxBytes: this.#outbox.bytes,
      auditEntries: auditSize(this.#statements),
    };
  }

  /** Deletes what is beyond the limits of age and size, at most one chunk of each kind. @returns how many rows */
  pruneChunk({ now, oldest }: PruneOrder): number {
    const { historyDays, historyMaxBytes = Infinity, outboxDays, maxAuditEntries = Infinity } = this.#limits;
    let deleted = 0;
    this.#transaction(() => {
      if (now !== null) deleted += pruneByAge(this.#statements, now - historyDays * DAY_MS, now);
      if (now !== null && outboxDays !== undefined) deleted += this.#dropExpired(now - outboxDays * DAY_MS);
      if (this.#usedBytes() > historyMaxBytes) deleted += pruneOldest(this.#statements);
      if (oldest && this.#lacksRoom()) deleted += pruneOldest(this.#statements, ROOM_ROWS);
      deleted += pruneAudit(this.#statements, maxAuditEntries);
    });
    return deleted;
  }

  close(): void {
    this.#database.close();
  }

  #insertAll(rows: readonly OutboxRow[], resets: readonly CountersReset[]): void {
    const open = [...resets];
    for (const row of rows) {
      while (open[0] !== undefined && open[0].afterId < row.id) this.#resetCounters(open.shift());
      this.#insert(row);
    }
    for (const reset of open) this.#resetCounters(reset);
  }

  #resetCounters(reset: CountersReset | undefined): void {
    if (reset !== undefined) this.#statements.of("DELETE FROM counter WHERE camera = ?").run(reset.camera);
  }

  #insert(row: OutboxRow): void {
    const { messages, bytes } = insertMessage(this.#statements, row);
    this.#outbox = { messages: this.#outbox.messages + messages, bytes: this.#outbox.bytes + bytes };
    this.#advance("", row.id);
    if (row.inspection === null) {
      appendAudit(this.#statements, Math.round(row.at), row.payload);
      return;
    }
    this.#advance(row.inspection.camera, row.inspection.seq);
    insertInspection(this.#statements, row, row.inspection);
    this.#countUp(row, row.inspection);
  }

  #countUp(row: OutboxRow, { camera, verdict, reason }: Inspection): void {
    const is = (value: string): number => (verdict === value ? 1 : 0);
    const because = (value: string): number => (reason === value ? 1 : 0);
    const counts = [is("OK"), is("NG"), is("WARN"), is("ERR"), because("late"), because("not_ready")];
    this.#statements
      .of(
        `INSERT INTO counter (camera, recipe, triggers, ok, ng, warn, err, late, missed, since) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (camera, recipe) DO UPDATE SET triggers = triggers + 1, ok = ok + excluded.ok, ng = ng + excluded.ng,
         warn = warn + excluded.warn, err = err + excluded.err, late = late + excluded.late, missed = missed + excluded.missed`,
      )
      .run(camera, row.recipe, ...counts, Math.round(row.at));
  }

  #advance(name: string, last: number): void {
    this.#statements
      .of(
        "INSERT INTO sequence (name, last) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)",
      )
      .run(name, last);
  }

  #dropExpired(before: number): number {
    const dropped = dropOlder(this.#statements, before);
    this.#dropped(dropped);
    if (dropped.gaps.length > 0) setOutboxTotal(this.#statements, this.#outbox);
    return dropped.gaps.length;
  }

  #dropped({ gaps, bytes }: { readonly gaps: readonly Gap[]; readonly bytes: number }): void {
    this.#shrink({ messages: gaps.length, bytes });
    for (const gap of gaps) this.#addGap(gap);
  }

  #shrink({ messages, bytes }: OutboxTotal): void {
    this.#outbox = { messages: this.#outbox.messages - messages, bytes: this.#outbox.bytes - bytes };
  }

  #addGap({ camera, reason, from, to, count }: Gap): void {
    this.#statements
      .of(
        `INSERT INTO gap (camera, reason, first, last, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT (camera, reason) DO UPDATE
       SET first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count`,
      )
      .run(camera, reason, from, to, count);
  }

  /** Takes a reported gap away; what was lost since then stays. */
  #removeGap({ camera, reason, to, count }: Gap): void {
    this.#statements
      .of("DELETE FROM gap WHERE camera = ? AND reason = ? AND count <= ?")
      .run(camera, reason, count);
    this.#statements
      .of("UPDATE gap SET first = ? + 1, count = count - ? WHERE camera = ? AND reason = ?")
      .run(to, count, camera, reason);
  }

  #lacksRoom(): boolean {
    const fileBytes = this.#usedBytes() + this.#freeBytes();
    return this.#freeBytes() < Math.min(ROOM_BYTES, ROOM_SHARE * fileBytes);
  }

  /** Of pages in use. */
  #usedBytes(): number {
    return this.#statements.number("PRAGMA page_count") * this.#pageBytes - this.#freeBytes();
  }

  /** Of pages that new rows may take. */
  #freeBytes(): number {
    return this.#statements.number("PRAGMA freelist_count") * this.#pageBytes;
  }

  get #pageBytes(): number {
    return this.#statements.number("PRAGMA page_size");
  }

  /** All that `write` does, or (thrown error) nothing. */
  #transaction(write: () => void): void {
    const before = this.#outbox;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#outbox = before;
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK"); // SQLITE_FULL and IOERR may have rolled back already
      throw error;
    }
  }
}

/**
 * Opens the file; one that is damaged is renamed to `<file>.corrupt-<time>` (never deleted) and an empty one begun.
 * @throws ConfigError `store-newer`; any other SQLite error as it is
 */
export function openDatabase(
  file: string,
  limits: StoreLimits,
  nowMs: number,
): { database: Database; setAside: string | null } {
  try {
    return { database: new Database(file, limits), setAside: null };
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return { setAside: setAside(file, nowMs), database: new Database(file, limits) };
  }
}

/** Moves a damaged file (with its WAL) out of the way. @returns its new name */
export function setAside(file: string, nowMs: number): string {
  const target = `${file}.corrupt-${new Date(nowMs).toISOString().replaceAll(":", "-")}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  return target;
}
