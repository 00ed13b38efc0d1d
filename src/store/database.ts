import { existsSync, renameSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Inspection } from "../domain/inspection.ts";
import { migrate } from "./migrations.ts";
import { isCorrupt } from "./sqlite-failure.ts";
import type {
  Commit,
  Counters,
  CountersReset,
  Gap,
  Opened,
  OutboxMessage,
  OutboxRow,
  StoreLimits,
} from "./protocol.ts";

const PRUNE_CHUNK = 2000; // rows a transaction: a commit never waits long behind it

/**
 * The SQLite file: inspections, outbox, sequence numbers, gaps and counters. Every call blocks until the disk has it
 * (WAL, `synchronous=FULL`: NORMAL lost acknowledged rows in each power cut measured), so it lives in a worker thread.
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #limits: StoreLimits;
  readonly #statements = new Map<string, StatementSync>();
  #depth: number;

  constructor(file: string, limits: StoreLimits) {
    this.#database = new DatabaseSync(file);
    this.#limits = limits;
    try {
      this.#database.exec(
        "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 16777216",
      );
      migrate(this.#database, file);
      this.#depth = this.#count("SELECT COUNT(*) AS n FROM outbox");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** What is in the file now. */
  contents(): Omit<Opened, "setAside"> {
    const sequences = this.#prepare("SELECT name, last FROM sequence").all();
    const lastSeq = sequences.map((row) => ({ camera: String(row.name), seq: Number(row.last) }));
    return {
      lastSeq: lastSeq.filter((entry) => entry.camera !== ""),
      lastId: lastSeq.find((entry) => entry.camera === "")?.seq ?? 0,
      outboxDepth: this.#depth,
      counters: this.#prepare("SELECT * FROM counter").all() as unknown as Counters[],
    };
  }

  /** All of it, or (thrown error) nothing. @returns rows in the outbox */
  commit(commit: Commit): number {
    const depthBefore = this.#depth;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      this.#insertAll(commit.rows, commit.countersReset);
      this.#acknowledge(commit.acknowledged);
      for (const gap of commit.lost) this.#addGap(gap);
      for (const gap of commit.reported) this.#removeGap(gap);
      this.#dropOldest();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#depth = depthBefore;
      this.#rollback();
      throw error;
    }
    return this.#depth;
  }

  readOutbox(afterId: number, limit: number): OutboxMessage[] {
    const select = "SELECT id, camera, seq, topic, payload, qos, expiry_s AS expiryS, at FROM outbox";
    return this.#prepare(`${select} WHERE id > ? ORDER BY id LIMIT ?`).all(
      afterId,
      limit,
    ) as unknown as OutboxMessage[];
  }

  gaps(): Gap[] {
    const select =
      "SELECT camera, reason, first AS 'from', last AS 'to', count FROM gap ORDER BY camera, reason";
    return this.#prepare(select).all() as unknown as Gap[];
  }

  /** Inspections with `fromSeq` ≤ seq ≤ `toSeq`, in order, at most `limit`. */
  history(camera: string, fromSeq: number, toSeq: number, limit: number): Inspection[] {
    const select =
      "SELECT body FROM inspection WHERE camera = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?";
    const rows = this.#prepare(select).all(camera, fromSeq, toSeq, limit);
    return rows.map((row) => JSON.parse(String(row.body)) as Inspection);
  }

  /** Deletes inspections older than the history's length, at most one chunk. @returns how many */
  pruneChunk(nowMs: number): number {
    const before = Math.round(nowMs - this.#limits.historyDays * 86_400_000);
    const oldest = "SELECT camera, seq FROM inspection WHERE at < ? ORDER BY at LIMIT ?";
    const remove = this.#prepare(`DELETE FROM inspection WHERE (camera, seq) IN (${oldest})`);
    return Number(remove.run(before, PRUNE_CHUNK).changes);
  }

  close(): void {
    this.#statements.clear();
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
    if (reset !== undefined) this.#prepare("DELETE FROM counter WHERE camera = ?").run(reset.camera);
  }

  #insert(row: OutboxRow): void {
    const { inspection } = row;
    const insert =
      "INSERT OR REPLACE INTO outbox (id, camera, seq, topic, payload, qos, expiry_s, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    const camera = inspection?.camera ?? null;
    this.#prepare(insert).run(
      row.id,
      camera,
      inspection?.seq ?? null,
      row.topic,
      row.payload,
      row.qos,
      row.expiryS,
      Math.round(row.at),
    );
    this.#depth += 1;
    this.#advance("", row.id);
    if (inspection === null) return;
    const { seq, session, inspectionId, verdict } = inspection;
    this.#advance(inspection.camera, seq);
    this.#prepare(
      "INSERT OR REPLACE INTO inspection (camera, seq, session, inspection_id, recipe, at, verdict, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      inspection.camera,
      seq,
      session,
      inspectionId,
      row.recipe,
      Math.round(row.at),
      verdict,
      JSON.stringify(inspection),
    );
    this.#countUp(row, inspection);
  }

  #countUp(row: OutboxRow, { camera, verdict, reason }: Inspection): void {
    const is = (value: string): number => (verdict === value ? 1 : 0);
    const late = reason === "late" ? 1 : 0;
    this.#prepare(
      `INSERT INTO counter (camera, recipe, triggers, ok, ng, warn, err, late, since) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (camera, recipe) DO UPDATE SET triggers = triggers + 1, ok = ok + excluded.ok, ng = ng + excluded.ng,
         warn = warn + excluded.warn, err = err + excluded.err, late = late + excluded.late`,
    ).run(camera, row.recipe, is("OK"), is("NG"), is("WARN"), is("ERR"), late, Math.round(row.at));
  }

  #advance(name: string, last: number): void {
    this.#prepare(
      "INSERT INTO sequence (name, last) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)",
    ).run(name, last);
  }

  #acknowledge(ids: readonly number[]): void {
    const remove = this.#prepare("DELETE FROM outbox WHERE id = ?");
    for (const id of ids) this.#depth -= Number(remove.run(id).changes);
  }

  /** Keeps the newest `maxMessages` rows; what falls out becomes one gap a camera. */
  #dropOldest(): void {
    const excess = this.#depth - this.#limits.maxMessages;
    if (excess <= 0) return;
    const oldest = "SELECT id FROM outbox ORDER BY id LIMIT ?";
    const dropped = this.#prepare(`DELETE FROM outbox WHERE id IN (${oldest}) RETURNING id, camera, seq`).all(
      excess,
    );
    this.#depth -= dropped.length;
    for (const row of dropped) {
      const at = Number(row.seq ?? row.id);
      this.#addGap({ camera: String(row.camera ?? ""), reason: "outbox-full", from: at, to: at, count: 1 });
    }
  }

  #addGap({ camera, reason, from, to, count }: Gap): void {
    this.#prepare(
      `INSERT INTO gap (camera, reason, first, last, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT (camera, reason) DO UPDATE
       SET first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count`,
    ).run(camera, reason, from, to, count);
  }

  /** Takes a reported gap away; what was lost since then stays. */
  #removeGap({ camera, reason, to, count }: Gap): void {
    this.#prepare("DELETE FROM gap WHERE camera = ? AND reason = ? AND count <= ?").run(
      camera,
      reason,
      count,
    );
    this.#prepare("UPDATE gap SET first = ? + 1, count = count - ? WHERE camera = ? AND reason = ?").run(
      to,
      count,
      camera,
      reason,
    );
  }

  #rollback(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK"); // SQLITE_FULL and IOERR may have rolled back already
  }

  #count(sql: string): number {
    return Number(this.#prepare(sql).get()?.n ?? 0);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
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
