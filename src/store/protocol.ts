import type { Inspection } from "../domain/inspection.ts";
import type { AuditCheck } from "./audit-chain.ts";

/** Messages between `Store` (main thread) and the worker thread that owns the SQLite file. */

/** One message that must reach the broker, and the inspection it belongs to (null for events). */
export interface OutboxRow {
  /** Order of publishing; given by `Store`, rising for ever. */
  readonly id: number;
  /** Null for events: those are kept in the audit trail. */
  readonly inspection: Inspection | null;
  /** What the message says beside the inspection (model hash, pictures), so that a replay says the same. */
  readonly context?: object;
  /** Counters are kept per camera and recipe. */
  readonly recipe: string;
  readonly topic: string;
  /** JSON text. */
  readonly payload: string;
  readonly qos: 0 | 1;
  /** Message expiry while it is fresh, seconds; null: none. */
  readonly expiryS: number | null;
  /** When it was appended, epoch ms. */
  readonly at: number;
}

/** What the publisher needs of a row. */
export type OutboxMessage = Pick<OutboxRow, "id" | "topic" | "payload" | "qos" | "expiryS" | "at"> & {
  readonly camera: string | null;
  readonly seq: number | null;
};

/** Messages that will never be published. */
export interface Gap {
  /** Empty for messages that belong to no camera (events). */
  readonly camera: string;
  readonly reason: "outbox-full" | "outbox-expired" | "memory-full";
  /** Lowest and highest `seq` lost (outbox ids for events). */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Totals since the last reset, per camera and recipe. */
export interface Counters {
  readonly camera: string;
  readonly recipe: string;
  readonly triggers: number;
  readonly ok: number;
  readonly ng: number;
  readonly warn: number;
  readonly err: number;
  /** Of `err`: no verdict by the deadline. */
  readonly late: number;
  /** Of `err`: the trigger came while the line was not ready. */
  readonly missed: number;
  /** Epoch ms of the last reset, or of the first part. */
  readonly since: number;
}

/** Totals begin anew after the row with this id. */
export interface CountersReset {
  readonly camera: string;
  readonly afterId: number;
}

/** Everything of one group commit: one transaction, all or nothing. */
export interface Commit {
  readonly rows: readonly OutboxRow[];
  /** Outbox ids the broker has acknowledged. */
  readonly acknowledged: readonly number[];
  /** Lost before they reached the disk. */
  readonly lost: readonly Gap[];
  /** Gaps that have been reported to the plant. */
  readonly reported: readonly Gap[];
  readonly countersReset: readonly CountersReset[];
  readonly ejections: readonly Ejection[];
}

/** What became of a part at the reject output. */
export interface Ejection {
  readonly camera: string;
  readonly seq: number;
  /** `passed` and `rejected` as wanted; `unproven`: rejected for want of a verdict in time; `failed`: the output did not switch. */
  readonly outcome: "passed" | "rejected" | "unproven" | "failed";
  /** Epoch ms. */
  readonly at: number;
  /** Switched so much later (positive) or earlier than planned; null where nothing switched. */
  readonly errorMs: number | null;
}

/** A recorded part with all that was stored of it. */
export interface StoredPart {
  readonly inspection: Inspection;
  /** The recipe's id; rows of the first schema have it nowhere else. */
  readonly recipe: string;
  readonly context: object | null;
  readonly ejection: Omit<Ejection, "camera" | "seq"> | null;
}

/** Which parts: all that is given must hold. Newest first. */
export interface PartFilter {
  readonly camera?: string;
  readonly partId?: string;
  readonly verdict?: Inspection["verdict"];
  /** Epoch ms of the record, both included. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
}

/** How much the file holds. */
export interface StoreSizes {
  /** In use, without freed pages. */
  readonly bytes: number;
  readonly outboxBytes: number;
  readonly auditEntries: number;
}

/** A limit that is absent does not hold. */
export interface StoreLimits {
  /** Outbox rows kept; the newest win. */
  readonly maxMessages: number;
  /** Topics and payloads in the outbox; the newest win. */
  readonly maxBytes?: number;
  /** Messages older than this are dropped from the outbox. */
  readonly outboxDays?: number;
  /** Inspections older than this are pruned. */
  readonly historyDays: number;
  /** Of the whole file; above it the oldest inspections are pruned. */
  readonly historyMaxBytes?: number;
  /** Entries of the audit trail; the oldest are pruned. */
  readonly maxAuditEntries?: number;
}

/** What `prune` may do now. */
export interface PruneOrder {
  /** Epoch ms to count ages from; null: the clock cannot be trusted now, only sizes count. */
  readonly now: number | null;
  /** Make room in the file: if it has little, a chunk of the oldest inspections goes, whatever their age. */
  readonly oldest: boolean;
}

export type StoreCall =
  | { readonly type: "commit"; readonly commit: Commit }
  | { readonly type: "read-outbox"; readonly afterId: number; readonly limit: number }
  | { readonly type: "read-gaps" }
  | {
      readonly type: "history";
      readonly camera: string;
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly limit: number;
    }
  | { readonly type: "find-parts"; readonly filter: PartFilter }
  | { readonly type: "seq-range"; readonly camera: string; readonly from: number; readonly to: number }
  | { readonly type: "prune"; readonly order: PruneOrder }
  | { readonly type: "sizes" }
  | { readonly type: "check-audit" }
  | { readonly type: "close" };

/** First and last sequence number, both included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** What a call gives. */
export interface StoreReplies {
  commit: { readonly outboxDepth: number };
  "read-outbox": readonly OutboxMessage[];
  "read-gaps": readonly Gap[];
  history: readonly StoredPart[];
  "find-parts": readonly StoredPart[];
  "seq-range": SeqRange | null;
  prune: { readonly deleted: number };
  sizes: StoreSizes;
  "check-audit": AuditCheck;
  close: null;
}

/** What is in the file when it is opened. */
export interface Opened {
  readonly lastSeq: readonly { readonly camera: string; readonly seq: number }[];
  readonly lastId: number;
  readonly outboxDepth: number;
  readonly counters: readonly Counters[];
  /** Where a damaged file was moved; null if the file was sound or new. */
  readonly setAside: string | null;
}

export interface StoreFailure {
  readonly code: "disk-full" | "disk-error" | "store-corrupt" | "store-newer" | "store-failed";
  readonly message: string;
}

export type StoreRequest = { readonly callId: number } & StoreCall;

export type StoreReport =
  | { readonly type: "opened"; readonly opened: Opened }
  | { readonly type: "open-failed"; readonly failure: StoreFailure }
  | { readonly type: "reply"; readonly callId: number; readonly value: unknown }
  | { readonly type: "failed"; readonly callId: number; readonly failure: StoreFailure }
  /** The damaged file was moved and an empty one begun while running. */
  | { readonly type: "set-aside"; readonly path: string };

export interface StoreWorkerData {
  readonly file: string;
  readonly limits: StoreLimits;
  /** Epoch ms, for the name of a file that is set aside. */
  readonly openedAt: number;
}
