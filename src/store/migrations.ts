import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { ConfigError } from "../domain/errors.ts";

/** One step a schema version; `user_version` says how many were done. Never change a step that was released: add one. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE inspection (
     camera TEXT NOT NULL, seq INTEGER NOT NULL, session TEXT NOT NULL, inspection_id TEXT NOT NULL, recipe TEXT NOT NULL,
     at INTEGER NOT NULL, verdict TEXT NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (camera, seq)) WITHOUT ROWID;
   CREATE INDEX inspection_at ON inspection (at);
   CREATE TABLE outbox (
     id INTEGER PRIMARY KEY, camera TEXT, seq INTEGER, topic TEXT NOT NULL, payload TEXT NOT NULL, qos INTEGER NOT NULL,
     expiry_s INTEGER, at INTEGER NOT NULL);
   CREATE TABLE sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE gap (
     camera TEXT NOT NULL, reason TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
     PRIMARY KEY (camera, reason)) WITHOUT ROWID;
   CREATE TABLE counter (
     camera TEXT NOT NULL, recipe TEXT NOT NULL, triggers INTEGER NOT NULL, ok INTEGER NOT NULL, ng INTEGER NOT NULL,
     warn INTEGER NOT NULL, err INTEGER NOT NULL, late INTEGER NOT NULL, since INTEGER NOT NULL,
     PRIMARY KEY (camera, recipe)) WITHOUT ROWID;`,
  // A table with row ids: without them any row above a quarter of a page takes a page of its own, 4.7 kB in place of 1.5 kB.
  // The columns of a part are read from its body, so that rows of the first version have them too and nothing is stored twice.
  `ALTER TABLE inspection RENAME TO inspection_1;
   DROP INDEX inspection_at;
   CREATE TABLE inspection (
     camera TEXT NOT NULL, seq INTEGER NOT NULL, session TEXT NOT NULL, inspection_id TEXT NOT NULL, recipe TEXT NOT NULL,
     at INTEGER NOT NULL, verdict TEXT NOT NULL, body TEXT NOT NULL, context TEXT,
     ${bodyColumns([
       ["trigger_id", "TEXT", "$.triggerId"],
       ["part_id", "TEXT", "$.partId"],
       ["tag", "INTEGER", "$.tag"],
       ["recipe_number", "INTEGER", "$.recipe.number"],
       ["recipe_version", "TEXT", "$.recipe.version"],
       ["recipe_hash", "TEXT", "$.recipe.hash"],
       ["bundle", "TEXT", "$.bundleId"],
       ["action", "TEXT", "$.action"],
       ["reason", "TEXT", "$.reason"],
       ["detail", "TEXT", "$.detail"],
       ["score", "REAL", "$.score"],
       ["threshold", "REAL", "$.threshold"],
       ["warn_threshold", "REAL", "$.warnThreshold"],
       ["triggered_at", "REAL", "$.times.triggeredAt"],
       ["captured_at", "REAL", "$.times.capturedAt"],
       ["queue_ms", "REAL", "$.times.queueMs"],
       ["capture_ms", "REAL", "$.times.captureMs"],
       ["infer_ms", "REAL", "$.times.inferMs"],
       ["total_ms", "REAL", "$.times.totalMs"],
       ["deadline_ms", "REAL", "$.times.deadlineMs"],
       ["simulated", "INTEGER", "$.simulated"],
     ])},
     UNIQUE (camera, seq));
   INSERT INTO inspection (camera, seq, session, inspection_id, recipe, at, verdict, body)
     SELECT camera, seq, session, inspection_id, recipe, at, verdict, body FROM inspection_1 ORDER BY at;
   DROP TABLE inspection_1;
   CREATE INDEX inspection_at ON inspection (at);
   CREATE INDEX inspection_part ON inspection (part_id) WHERE part_id IS NOT NULL;
   CREATE INDEX inspection_not_ok ON inspection (verdict, at) WHERE verdict <> 'OK';
   ALTER TABLE counter ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE ejection (
     camera TEXT NOT NULL, seq INTEGER NOT NULL, outcome TEXT NOT NULL, at INTEGER NOT NULL, error_ms REAL,
     PRIMARY KEY (camera, seq)) WITHOUT ROWID;
   CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);
   CREATE INDEX audit_at ON audit (at);
   CREATE TABLE audit_anchor (name TEXT PRIMARY KEY, id INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
   ALTER TABLE outbox ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
   UPDATE outbox SET bytes = octet_length(topic) + octet_length(payload);
   CREATE TABLE outbox_total (one INTEGER PRIMARY KEY CHECK (one = 1), messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
   INSERT INTO outbox_total SELECT 1, COUNT(*), COALESCE(SUM(bytes), 0) FROM outbox;`,
];

/** What this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the file to this program's schema, one transaction a step; a file that already holds data is copied to
 * `<file>.v<old>` first.
 * @throws ConfigError `store-newer` if a newer assayd wrote the file
 */
export function migrate(database: DatabaseSync, file: string): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > SCHEMA_VERSION) {
    throw new ConfigError(
      "store-newer",
      `${file} has schema version ${version}; this assayd knows ${SCHEMA_VERSION}. ` +
        `Install the newer assayd again, or move the file away to begin an empty history.`,
    );
  }
  if (version === SCHEMA_VERSION) return;
  if (version > 0) backUp(database, `${file}.v${version}`);
  MIGRATIONS.slice(version).forEach((step, index) => {
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + index + 1}; COMMIT`);
  });
}

/** A copy as it was before the step; one that an interrupted migration left behind is replaced. */
function backUp(database: DatabaseSync, copy: string): void {
  rmSync(copy, { force: true }); // VACUUM INTO refuses a file that is there
  database.prepare("VACUUM INTO ?").run(copy);
  const file = openSync(copy, "r"); // VACUUM INTO does not sync what it writes
  fsyncSync(file);
  closeSync(file);
}

/** Columns that SQLite reads from the JSON text in `body` whenever they are asked for. */
function bodyColumns(columns: readonly (readonly [name: string, type: string, path: string])[]): string {
  return columns
    .map(([name, type, path]) => `${name} ${type} GENERATED ALWAYS AS (body ->> '${path}') VIRTUAL`)
    .join(",\n     ");
}
