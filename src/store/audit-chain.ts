import { createHash } from "node:crypto";

/** One line of the audit trail as it is stored. */
export interface AuditEntry {
  /** 1, 2, 3 … without a gap. */
  readonly id: number;
  /** Epoch ms. */
  readonly at: number;
  /** The event as it was published, JSON text. */
  readonly body: string;
  /** Over this entry and the hash of the one before: SHA-256, lowercase hex. */
  readonly hash: string;
}

/** Where a chain begins or ends: the entry and its hash. */
export interface AuditHead {
  readonly id: number;
  readonly hash: string;
}

/** Before the first entry. */
export const NO_ENTRY: AuditHead = { id: 0, hash: "0".repeat(64) };

/** What `verifyAudit` found. */
export interface AuditCheck {
  readonly entries: number;
  /** Entries before this one were pruned; 1: none were. */
  readonly firstId: number;
  readonly lastId: number;
  /** Hash of the last entry, to be kept elsewhere: it proves that nothing was cut off. */
  readonly head: string;
  /** In words; empty if the chain is whole. At most 20. */
  readonly problems: readonly string[];
}

const MAX_PROBLEMS = 20;

/** The hash of an entry that follows `previous`. Lengths go in, so that no text can move from one field to the next. */
export function entryHash(previous: AuditHead, at: number, body: string): string {
  const text = `${previous.hash}\n${previous.id + 1}\n${at}\n${Buffer.byteLength(body)}\n${body}`;
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Follows the chain: any entry that was changed, taken out, put in or moved breaks it (IEC 62443-4-2 CR 2.8, CR 3.9).
 * @param entries in order of id   @param before the last entry that was pruned   @param last the entry known to be the newest
 */
export function verifyAudit(entries: Iterable<AuditEntry>, before: AuditHead, last: AuditHead): AuditCheck {
  const problems: string[] = [];
  let [previous, count] = [before, 0];
  for (const { id, at, body, hash } of entries) {
    count += 1;
    if (id !== previous.id + 1) problems.push(`entries ${previous.id + 1} to ${id - 1} are missing`);
    else if (entryHash(previous, at, body) !== hash) problems.push(`entry ${id} was changed`);
    previous = { id, hash };
  }
  if (previous.id !== last.id || previous.hash !== last.hash)
    problems.push(`the chain ends with entry ${previous.id}; the newest one was ${last.id}`);
  return {
    entries: count,
    firstId: before.id + 1,
    lastId: previous.id,
    head: previous.hash,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}
