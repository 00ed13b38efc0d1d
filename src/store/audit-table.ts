import {
  entryHash,
  NO_ENTRY,
  verifyAudit,
  type AuditCheck,
  type AuditEntry,
  type AuditHead,
} from "./audit-chain.ts";
import type { Statements } from "./statements.ts";

const PRUNE_CHUNK = 2000;

/** Adds an event to the end of the chain. Call it inside a transaction. @param at epoch ms   @param body JSON text */
export function appendAudit(statements: Statements, at: number, body: string): void {
  const previous = anchor(statements, "newest");
  const hash = entryHash(previous, at, body);
  statements
    .of("INSERT INTO audit (id, at, body, hash) VALUES (?, ?, ?, ?)")
    .run(previous.id + 1, at, body, hash);
  setAnchor(statements, "newest", { id: previous.id + 1, hash });
}

/** Takes the oldest entries away above `maxEntries`, at most one chunk, and keeps the hash that the rest begins from. @returns how many */
export function pruneAudit(statements: Statements, maxEntries: number): number {
  const [before, newest] = [anchor(statements, "pruned"), anchor(statements, "newest")];
  const excess = Math.min(newest.id - before.id - maxEntries, PRUNE_CHUNK);
  if (excess <= 0) return 0;
  const last = statements
    .of("SELECT id, hash FROM audit WHERE id <= ? ORDER BY id DESC LIMIT 1")
    .get(before.id + excess);
  if (last === undefined) return 0;
  statements.of("DELETE FROM audit WHERE id <= ?").run(Number(last.id));
  setAnchor(statements, "pruned", { id: Number(last.id), hash: String(last.hash) });
  return excess;
}

/** Entries kept now. */
export function auditSize(statements: Statements): number {
  return anchor(statements, "newest").id - anchor(statements, "pruned").id;
}

/** Reads the whole trail and follows its chain. */
export function checkAudit(statements: Statements): AuditCheck {
  const entries = statements.of("SELECT id, at, body, hash FROM audit ORDER BY id").iterate();
  return verifyAudit(
    entries as unknown as Iterable<AuditEntry>,
    anchor(statements, "pruned"),
    anchor(statements, "newest"),
  );
}

function anchor(statements: Statements, name: "pruned" | "newest"): AuditHead {
  const row = statements.of("SELECT id, hash FROM audit_anchor WHERE name = ?").get(name);
  return row === undefined ? NO_ENTRY : { id: Number(row.id), hash: String(row.hash) };
}

function setAnchor(statements: Statements, name: "pruned" | "newest", { id, hash }: AuditHead): void {
  statements
    .of(
      "INSERT INTO audit_anchor (name, id, hash) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET id = excluded.id, hash = excluded.hash",
    )
    .run(name, id, hash);
}
