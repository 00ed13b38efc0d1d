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
];

/**
 * Brings the file to this program's schema, one transaction a step; a file that already holds data is copied to
 * `<file>.v<old>` first.
 * @throws ConfigError `store-newer` if a newer assayd wrote the file
 */
export function migrate(database: DatabaseSync, file: string): void {
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new ConfigError(
      "store-newer",
      `${file} has schema version ${version}; this assayd knows ${MIGRATIONS.length}. ` +
        `Install the newer assayd again, or move the file away to begin an empty history.`,
    );
  }
  if (version === MIGRATIONS.length) return;
  if (version > 0) database.prepare("VACUUM INTO ?").run(`${file}.v${version}`);
  MIGRATIONS.slice(version).forEach((step, index) => {
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + index + 1}; COMMIT`);
  });
}
