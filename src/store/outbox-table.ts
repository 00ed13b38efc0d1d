import type { Gap, OutboxMessage, OutboxRow } from "./protocol.ts";
import type { Statements } from "./statements.ts";

const DROP_CHUNK = 5000; // rows a transaction that have grown too old

/** How much waits for the broker. */
export interface OutboxTotal {
  readonly messages: number;
  readonly bytes: number;
}

/** As kept in the file: counting the rows anew would read all of them. */
export function outboxTotal(statements: Statements): OutboxTotal {
  const row = statements.of("SELECT messages, bytes FROM outbox_total").get();
  return { messages: Number(row?.messages), bytes: Number(row?.bytes) };
}

export function setOutboxTotal(statements: Statements, { messages, bytes }: OutboxTotal): void {
  statements.of("UPDATE outbox_total SET messages = ?, bytes = ?").run(messages, bytes);
}

/** A message that is there already is left as it is. @returns what the outbox grew by */
export function insertMessage(statements: Statements, row: OutboxRow): OutboxTotal {
  const bytes = Buffer.byteLength(row.topic) + Buffer.byteLength(row.payload);
  const { camera = null, seq = null } = row.inspection ?? {};
  const { changes } = statements
    .of(
      "INSERT INTO outbox (id, camera, seq, topic, payload, qos, expiry_s, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    )
    .run(row.id, camera, seq, row.topic, row.payload, row.qos, row.expiryS, Math.round(row.at), bytes);
  return changes === 0 ? { messages: 0, bytes: 0 } : { messages: 1, bytes };
}

/** @returns what the outbox shrank by */
export function removeMessages(statements: Statements, ids: readonly number[]): OutboxTotal {
  const remove = statements.of("DELETE FROM outbox WHERE id = ? RETURNING bytes");
  const removed = ids.flatMap((id) => remove.all(id));
  return { messages: removed.length, bytes: sumBytes(removed) };
}

/** Messages after `afterId`, in order. */
export function readMessages(statements: Statements, afterId: number, limit: number): OutboxMessage[] {
  const select = "SELECT id, camera, seq, topic, payload, qos, expiry_s AS expiryS, at FROM outbox";
  const rows = statements.of(`${select} WHERE id > ? ORDER BY id LIMIT ?`).all(afterId, limit);
  return rows as unknown as OutboxMessage[];
}

/**
 * Drops the oldest messages until the rest is within both limits.
 * @returns what was dropped, one gap a message, and the bytes freed
 */
export function dropAbove(
  statements: Statements,
  total: OutboxTotal,
  limits: OutboxTotal,
): { readonly gaps: readonly Gap[]; readonly bytes: number } {
  let [messages, bytes] = [total.messages - limits.messages, total.bytes - limits.bytes];
  if (messages <= 0 && bytes <= 0) return { gaps: [], bytes: 0 };
  let lastId = 0;
  for (const row of statements.of("SELECT id, bytes FROM outbox ORDER BY id").iterate()) {
    if (messages <= 0 && bytes <= 0) break;
    messages -= 1;
    bytes -= Number(row.bytes);
    lastId = Number(row.id);
  }
  return dropUpTo(statements, lastId, "outbox-full");
}

/**
 * Drops messages queued before `before` (epoch ms) from the front of the queue, at most one chunk. If nothing younger is
 * there the clock may be wrong, and nothing is dropped.
 */
export function dropOlder(
  statements: Statements,
  before: number,
): { readonly gaps: readonly Gap[]; readonly bytes: number } {
  const rows = statements.of("SELECT id, at FROM outbox ORDER BY id LIMIT ?").all(DROP_CHUNK);
  const young = rows.findIndex(({ at }) => Number(at) >= before);
  if (young === -1 && statements.of("SELECT 1 FROM outbox WHERE at >= ? LIMIT 1").get(before) === undefined)
    return { gaps: [], bytes: 0 };
  const last = rows.at(young === -1 ? -1 : young - 1);
  return young === 0 ? { gaps: [], bytes: 0 } : dropUpTo(statements, Number(last?.id ?? 0), "outbox-expired");
}

function dropUpTo(
  statements: Statements,
  lastId: number,
  reason: Gap["reason"],
): { readonly gaps: readonly Gap[]; readonly bytes: number } {
  const rows = statements.of("DELETE FROM outbox WHERE id <= ? RETURNING id, camera, seq, bytes").all(lastId);
  const gaps = rows.map(({ id, camera, seq }): Gap => {
    const at = Number(seq ?? id);
    return { camera: String(camera ?? ""), reason, from: at, to: at, count: 1 };
  });
  return { gaps, bytes: sumBytes(rows) };
}

function sumBytes(rows: readonly Record<string, unknown>[]): number {
  return rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
}
