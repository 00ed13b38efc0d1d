import { z } from "zod";
import { count, fault, share, timestamp, versioned } from "./words.ts";

/** `{root}/state`: birth on every connect, `stopped` on a wanted end, `offline` is the will. */
export const stateSchema = z.looseObject({
  state: z.enum(["online", "stopped", "offline"]),
  session: z.uuid().describe("one run of the daemon; seq has no gaps within it"),
  ts: timestamp.optional().describe("absent in the will, which the broker sends"),
  sw: z.string().optional(),
  schema: z.string().optional(),
});
export type StationState = z.infer<typeof stateSchema>;

/** `{root}/info` */
export const infoSchema = z.looseObject({
  schema: z.string(),
  ts: timestamp,
  station: z.string(),
  sw: z.string(),
  node: z.string().optional(),
  hardware: z.string().optional(),
  cameras: z.array(z.looseObject({ name: z.string(), source: z.string(), recipe: z.string() })),
  recipes: z.array(z.union([z.string(), versioned])).describe("those that can be selected"),
  commands: z.array(z.string()).describe("names that cmd/{name} takes"),
  capabilities: z.array(z.string()),
});
export type StationInfo = z.infer<typeof infoSchema>;

/** `{root}/health`, every 10 s */
export const healthSchema = z.looseObject({
  ts: timestamp,
  uptime_s: z.number().min(0),
  fault: fault.nullable(),
  cpu: share.nullable().optional(),
  gpu: share.nullable().optional(),
  temp_c: z.number().nullable().optional(),
  throttled: z.boolean().nullable().optional(),
  memory_bytes: count.optional(),
  disk_free_bytes: count.nullable().optional(),
  queue_depth: count.optional().describe("parts waiting for the inference process"),
  mqtt_queued: count.describe("messages in the outbox"),
  store_pending: count.optional().describe("rows not yet on the disk"),
  drain_per_s: z.number().min(0).optional().describe("messages a second of the last outbox batch"),
  restarts: z.record(z.string(), count).optional().describe("per child process"),
});
export type StationHealth = z.infer<typeof healthSchema>;

/** `{root}/heartbeat`, 1 Hz */
export const heartbeatSchema = z.looseObject({
  n: count,
  ts: timestamp,
  ready: z.boolean(),
  fault: z.boolean(),
});

/** `{root}/event`: who changed what */
export const eventSchema = z.looseObject({
  schema: z.string(),
  event_id: z.uuid(),
  session: z.uuid(),
  ts: timestamp,
  kind: z.string().describe('e.g. "model.promoted", "command.done", "command.refused", "gap"'),
  camera: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  historical: z.boolean(),
});
export type StationEvent = z.infer<typeof eventSchema>;

/** `data` of an event of kind `gap`: results that will never come */
export const gapSchema = z.looseObject({
  camera: z.string().nullable(),
  from: count.describe("first seq lost"),
  to: count.describe("last seq lost"),
  count,
  reason: z.enum(["outbox-full", "outbox-expired", "memory-full"]),
});

/** `{root}/job/{id}` */
export const jobSchema = z.looseObject({
  id: z.string(),
  type: z.enum(["train", "export", "gauge", "challenge"]),
  state: z.enum(["pending", "running", "completed", "failed", "canceled"]),
  camera: z.string().nullable(),
  stage: z.string().nullable(),
  progress: z.number().min(0).max(100),
  eta_s: z.number().min(0).nullable(),
  message: z.string(),
  metrics: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  data_set: z.looseObject({ id: z.string(), hash: z.string().nullable(), images: count }).nullable(),
  result: z
    .looseObject({
      model_id: z.string().optional().describe("train"),
      parity_max_abs: z.number().nullable().optional().describe("train: trainer against ONNX Runtime"),
      frr: share
        .nullable()
        .optional()
        .describe("train: upper end of the expected share of good parts rejected"),
      caught: count.optional().describe("challenge: known defects that are NG"),
      total: count.optional().describe("challenge"),
      sigma: z.number().min(0).optional().describe("gauge: standard deviation of the score"),
      guard_band: z
        .number()
        .min(0)
        .optional()
        .describe("gauge: scores this near the threshold may fall on either side"),
    })
    .nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  started: timestamp,
  ended: timestamp.nullable(),
  by: z.string().nullable(),
});
export type JobMessage = z.infer<typeof jobSchema>;
