import { existsSync } from "node:fs";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { ConfigError, InputError, messageOf } from "../domain/errors.ts";
import type { Reason, Verdict, Action } from "../domain/inspection.ts";
import type { AuditCheck } from "./audit-chain.ts";
import { checkAudit } from "./audit-table.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import type { Ejection } from "./protocol.ts";
import { Statements } from "./statements.ts";

/** Times of records, epoch ms; `from` included, `to` not. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A recorded part, flat. */
export interface PartRow {
  readonly camera: string;
  readonly seq: number;
  readonly session: string;
  readonly inspection_id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly trigger_id: string;
  readonly part_id: string | null;
  readonly tag: number | null;
  readonly recipe: string;
  readonly recipe_number: number | null;
  readonly recipe_version: string | null;
  readonly recipe_hash: string | null;
  readonly bundle: string | null;
  readonly verdict: Verdict;
  readonly action: Action;
  readonly reason: Reason;
  readonly detail: string | null;
  readonly score: number | null;
  readonly threshold: number | null;
  readonly warn_threshold: number | null;
  readonly triggered_at: number;
  readonly captured_at: number | null;
  readonly capture_ms: number | null;
  readonly queue_ms: number | null;
  readonly infer_ms: number | null;
  readonly total_ms: number;
  readonly deadline_ms: number;
  /** 0 or 1. */
  readonly simulated: number;
  readonly ejection: Ejection["outcome"] | null;
  readonly ejection_error_ms: number | null;
}

/** An event as it was published. */
export interface EventRow {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: string;
  readonly camera: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

const COLUMNS = `camera, seq, session, inspection_id, i.at AS at, trigger_id, part_id, tag, recipe, recipe_number, recipe_version,
  recipe_hash, bundle, verdict, action, reason, detail, score, threshold, warn_threshold, triggered_at, captured_at, capture_ms,
  queue_ms, infer_ms, total_ms, deadline_ms, simulated, e.outcome AS ejection, e.error_ms AS ejection_error_ms`;

/** Reads the history of a station, also while its daemon runs: it changes nothing and locks nobody out. */
export class HistoryReader {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  /**
   * @throws InputError if there is no such file, or it cannot be read
   * @throws ConfigError `store-newer` or `store-older` if another release wrote it
   */
  constructor(file: string) {
    if (!existsSync(file))
      throw new InputError(
        "no-history",
        `There is no history at ${file}. Say where it is with --state-dir or --config.`,
      );
    try {
      this.#database = new DatabaseSync(file, { readOnly: true });
      this.#statements = new Statements(this.#database);
      this.#database.exec("PRAGMA busy_timeout = 2000");
    } catch (error) {
      throw new InputError("history-unread", `${file} cannot be read: ${messageOf(error)}`, { cause: error });
    }
    this.#requireVersion(file);
  }

  /** Parts in order of their records, one at a time: memory does not grow with their number. */
  *parts({ from, to }: TimeRange, camera: string | null): Generator<PartRow> {
    const sql = `SELECT ${COLUMNS} FROM inspection AS i LEFT JOIN ejection AS e USING (camera, seq)
      WHERE i.at >= ? AND i.at < ? AND (? IS NULL OR camera = ?) ORDER BY i.at, i.rowid`;
    const rows = this.#statements.of(sql).iterate(Math.ceil(from), Math.ceil(to), camera, camera);
    for (const row of rows) yield row as unknown as PartRow;
  }

  /** Events in order of their records. */
  *events({ from, to }: TimeRange): Generator<EventRow> {
    const sql = "SELECT at, body FROM audit WHERE at >= ? AND at < ? ORDER BY id";
    for (const row of this.#statements.of(sql).iterate(Math.ceil(from), Math.ceil(to))) yield toEvent(row);
  }

  /** Follows the chain of the audit trail. */
  checkAudit(): AuditCheck {
    return checkAudit(this.#statements);
  }

  close(): void {
    this.#database.close();
  }

  #requireVersion(file: string): void {
    const version = this.#statements.number("PRAGMA user_version");
    if (version === SCHEMA_VERSION) return;
    this.close();
    const [code, remedy] =
      version > SCHEMA_VERSION
        ? ["store-newer", "Use the assayd that wrote it."]
        : ["store-older", "Start assayd run once: it brings the file forward."];
    throw new ConfigError(
      code,
      `${file} has schema version ${version}; this assayd reads ${SCHEMA_VERSION}. ${remedy}`,
    );
  }
}

function toEvent(row: Record<string, SQLOutputValue>): EventRow {
  const event = JSON.parse(String(row.body)) as Partial<EventRow>;
  return { at: Number(row.at), kind: event.kind ?? "", camera: event.camera ?? null, data: event.data ?? {} };
}
