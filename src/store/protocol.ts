import type { Inspection } from "../domain/inspection.ts";

/** Messages between `Store` (main thread) and the worker thread that owns the SQLite file. */

/** One message that must reach the broker, and the inspection it belongs to (null for events). */
export interface OutboxRow {
  /** Order of publishing; given by `Store`, rising for ever. */
  readonly id: number;
  /** Null for messages that belong to no inspection. */
  readonly inspection: Inspection | null;
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
  readonly reason: "outbox-full" | "memory-full";
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
}

export interface StoreLimits {
  /** Outbox rows kept; the newest win. */
  readonly maxMessages: number;
  /** Inspections older than this are pruned. */
  readonly historyDays: number;
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
  | { readonly type: "prune"; readonly now: number }
  | { readonly type: "close" };

/** What a call gives. */
export interface StoreReplies {
  commit: { readonly outboxDepth: number };
  "read-outbox": readonly OutboxMessage[];
  "read-gaps": readonly Gap[];
  history: readonly Inspection[];
  prune: { readonly deleted: number };
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

export interface StoreWorkerData extends StoreLimits {
  readonly file: string;
  /** Epoch ms, for the name of a file that is set aside. */
  readonly openedAt: number;
}
