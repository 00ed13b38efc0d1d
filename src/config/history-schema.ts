import { z } from "zod";

const positiveInt = z.int().positive();
const MIB = 1024 * 1024;

export const outboxSchema = z.strictObject({
  maxMessages: positiveInt
    .default(200_000)
    .describe("messages kept while the broker is away; the newest win, the others are told as a gap"),
  maxBytes: positiveInt.default(512 * MIB).describe("the same in bytes"),
  days: z.number().positive().default(7).describe("older messages are dropped, and told as a gap"),
});

export const historySchema = z.strictObject({
  days: z.number().positive().default(30).describe("inspections are kept so long"),
  maxBytes: positiveInt
    .default(4096 * MIB)
    .describe("of the store's file; above it the oldest inspections go first"),
  auditEntries: positiveInt.default(200_000).describe("events kept in the audit trail"),
  reserveBytes: z
    .int()
    .min(0)
    .default(32 * MIB)
    .describe("disk space held back, so that results and audit go on when the disk is full; 0: none"),
});

export const replaySchema = z.strictObject({
  maxResults: positiveInt.default(100_000).describe("results of one cmd/replay"),
  maxPerSecond: z.number().positive().default(500).describe("replayed results, behind all live ones"),
});
export type ReplayLimits = z.infer<typeof replaySchema>;

export const evidenceSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("keep pictures of NG, WARN and ERR parts"),
  okShare: z.number().min(0).max(1).default(0.01).describe("share of OK parts whose picture is kept"),
  heatmap: z.boolean().default(true).describe("keep the heatmap beside the picture"),
  maxWaiting: positiveInt
    .default(64)
    .describe("pictures on their way to the disk; more are dropped and counted"),
  maxBytes: z
    .strictObject({
      ng: positiveInt.default(2048 * MIB).describe("NG and WARN"),
      err: positiveInt.default(256 * MIB),
      ok: positiveInt.default(256 * MIB).describe("the sampled good parts"),
      training: positiveInt.default(2048 * MIB).describe("pictures that a person labelled"),
    })
    .prefault({})
    .describe("per class; the oldest pictures go first"),
});
export type EvidenceConfig = z.infer<typeof evidenceSchema>;

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "06:00"');

export const reportsSchema = z.strictObject({
  shifts: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "a name of a-z, 0-9, _ and -"),
        from: timeOfDay,
        to: timeOfDay.describe("earlier than `from`: on the next day"),
      }),
    )
    .min(1)
    .default([
      { name: "early", from: "06:00", to: "14:00" },
      { name: "late", from: "14:00", to: "22:00" },
      { name: "night", from: "22:00", to: "06:00" },
    ])
    .describe("local time, for assayd report shift --shift NAME"),
});
export type Shift = z.infer<typeof reportsSchema>["shifts"][number];
