import type { SQLOutputValue } from "node:sqlite";
import type { Inspection } from "../domain/inspection.ts";
import type { Ejection, OutboxRow, PartFilter, SeqRange, StoredPart } from "./protocol.ts";
import type { Statements } from "./statements.ts";

const PRUNE_CHUNK = 2000; // rows a transaction: a commit never waits long behind it
const CLOCK_SLACK_MS = 60_000; // a row may be this far ahead of the clock: it was written before a small step back

const PART = `SELECT i.body, i.recipe, i.context, e.outcome, e.at AS ejectedAt, e.error_ms AS errorMs
  FROM inspection AS i LEFT JOIN ejection AS e USING (camera, seq)`;

/** Call it inside a transaction. */
export function insertInspection(statements: Statements, row: OutboxRow, inspection: Inspection): void {
  const { camera, seq, session, inspectionId, verdict } = inspection;
  const context = row.context === undefined ? null : JSON.stringify(row.context);
  statements
    .of(
      "INSERT OR REPLACE INTO inspection (camera, seq, session, inspection_id, recipe, at, verdict, body, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .run(
      camera,
      seq,
      session,
      inspectionId,
      row.recipe,
      Math.round(row.at),
      verdict,
      JSON.stringify(inspection),
      context,
    );
}

/** Call it inside a transaction. */
export function insertEjection(
  statements: Statements,
  { camera, seq, outcome, at, errorMs }: Ejection,
): void {
  statements
    .of("INSERT OR REPLACE INTO ejection (camera, seq, outcome, at, error_ms) VALUES (?, ?, ?, ?, ?)")
    .run(camera, seq, outcome, Math.round(at), errorMs);
}

/** Parts with `from` ≤ seq ≤ `to`, in order, at most `limit`. */
export function partsBySeq(
  statements: Statements,
  camera: string,
  range: SeqRange,
  limit: number,
): StoredPart[] {
  const sql = `${PART} WHERE camera = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?`;
  return statements.of(sql).all(camera, range.from, range.to, limit).map(toPart);
}

/** Parts that a person looks for, newest first. */
export function findParts(statements: Statements, filter: PartFilter): StoredPart[] {
  const terms: readonly (readonly [sql: string, value: string | number | undefined])[] = [
    ["camera = ?", filter.camera],
    ["i.part_id = ?", filter.partId],
    [filter.verdict === "OK" ? "i.verdict = ?" : "i.verdict <> 'OK' AND i.verdict = ?", filter.verdict],
    ["i.at >= ?", filter.from],
    ["i.at <= ?", filter.to],
  ];
  const given = terms.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  const where = ["TRUE", ...given.map(({ sql }) => sql)].join(" AND ");
  const sql = `${PART} WHERE ${where} ORDER BY i.at DESC, seq DESC LIMIT ?`;
  return statements
    .of(sql)
    .all(...given.map(({ value }) => value), filter.limit)
    .map(toPart);
}

/** First and last part of a camera that were recorded from `from` to `to` (epoch ms, both included); null: none was. */
export function seqRange(statements: Statements, camera: string, from: number, to: number): SeqRange | null {
  const sql =
    "SELECT MIN(seq) AS first, MAX(seq) AS last FROM inspection WHERE camera = ? AND at BETWEEN ? AND ?";
  const row = statements.of(sql).get(camera, Math.ceil(from), Math.floor(to));
  return row?.first == null ? null : { from: Number(row.first), to: Number(row.last) };
}

/**
 * Deletes inspections recorded before `before`, at most one chunk. Goes by sequence number up to the first one that is
 * young: a row that a wrong clock dated back or forth is kept as long as those before it. If none is young the clock may
 * be wrong, and all are kept.
 * @param before epoch ms   @param now epoch ms   @returns how many
 */
export function pruneByAge(statements: Statements, before: number, now: number): number {
  const young = [Math.ceil(before), Math.floor(now + CLOCK_SLACK_MS)] as const;
  const isYoung = "at BETWEEN ? AND ?";
  let deleted = 0;
  for (const camera of cameras(statements)) {
    const chunk = `SELECT seq, ${isYoung} AS young FROM inspection WHERE camera = ? ORDER BY seq LIMIT ?`;
    const rows = statements.of(chunk).all(...young, camera, PRUNE_CHUNK);
    const firstYoung = rows.find((row) => row.young === 1);
    if (firstYoung === undefined && !hasYoung(statements, young)) continue;
    const end = Number(firstYoung?.seq ?? Number(rows.at(-1)?.seq) + 1);
    deleted += deleteBefore(statements, camera, end);
    if (deleted >= PRUNE_CHUNK) break;
  }
  return deleted;
}

/** Deletes the oldest inspections of each camera, about `rows` in all. @returns how many */
export function pruneOldest(statements: Statements, rows = PRUNE_CHUNK): number {
  const names = cameras(statements);
  const share = Math.ceil(rows / Math.max(1, names.length));
  let deleted = 0;
  for (const camera of names) {
    const sql = "SELECT seq FROM inspection WHERE camera = ? ORDER BY seq LIMIT 1 OFFSET ?";
    const kept = statements.of(sql).get(camera, share);
    deleted += deleteBefore(statements, camera, Number(kept?.seq ?? Number.MAX_SAFE_INTEGER));
  }
  return deleted;
}

function hasYoung(statements: Statements, [from, to]: readonly [number, number]): boolean {
  return (
    statements.of("SELECT 1 FROM inspection WHERE at BETWEEN ? AND ? LIMIT 1").get(from, to) !== undefined
  );
}

function deleteBefore(statements: Statements, camera: string, seq: number): number {
  statements.of("DELETE FROM ejection WHERE camera = ? AND seq < ?").run(camera, seq);
  return Number(
    statements.of("DELETE FROM inspection WHERE camera = ? AND seq < ?").run(camera, seq).changes,
  );
}

function cameras(statements: Statements): string[] {
  const rows = statements.of("SELECT name FROM sequence WHERE name <> '' ORDER BY name").all();
  return rows.map(({ name }) => String(name));
}

/** A row of `PART`. */
function toPart(row: Record<string, SQLOutputValue>): StoredPart {
  return {
    inspection: JSON.parse(String(row.body)) as Inspection,
    recipe: String(row.recipe),
    context: row.context === null ? null : (JSON.parse(String(row.context)) as object),
    ejection:
      row.outcome === null
        ? null
        : {
            outcome: row.outcome as Ejection["outcome"],
            at: Number(row.ejectedAt),
            errorMs: row.errorMs === null ? null : Number(row.errorMs),
          },
  };
}
