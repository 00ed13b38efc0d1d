import { z } from "zod";
import { count, fault, milliseconds, share, timestamp, versioned } from "./words.ts";

const optionalNumber = z.number().nullable();

/** `{root}/cam/{camera}/state` */
export const cameraStateSchema = z.looseObject({
  schema: z.string(),
  ts: timestamp,
  seq: count.describe("last result"),
  vision_state: z
    .enum([
      "Preoperational",
      "Halted",
      "Error",
      "Initialized",
      "Ready",
      "SingleExecution",
      "ContinuousExecution",
    ])
    .describe("OPC 40100-1 state"),
  ready: z.boolean(),
  busy: z.boolean(),
  fault: fault.nullable(),
  recipe: versioned,
  model: z.looseObject({
    id: z.string().nullable(),
    hash: z.string().nullable(),
    engine: z.string().nullable(),
    precision: z.string().nullable(),
  }),
  threshold: z.looseObject({
    reject: optionalNumber,
    warn: optionalNumber,
    calibrated_at: timestamp.nullable(),
    target_frr: optionalNumber,
  }),
  camera: z.looseObject({
    connected: z.boolean(),
    fps: optionalNumber,
    frame_age_ms: optionalNumber,
    frozen: z.boolean(),
    exposure_us: optionalNumber.optional(),
    sharpness: optionalNumber,
    brightness: optionalNumber,
  }),
  config_hash: z.string(),
});
export type CameraStateMessage = z.infer<typeof cameraStateSchema>;

const region = z.looseObject({ x: share, y: share, w: share, h: share, score: z.number(), area: share });

/** `{root}/cam/{camera}/result`: exactly one per trigger, at most 2 kB */
export const resultSchema = z.looseObject({
  schema: z.string(),
  session: z.uuid(),
  seq: count.describe("per camera, no gaps within one session"),
  inspection_id: z.uuid(),
  camera: z.string(),
  trigger_id: z.string(),
  part_id: z.string().nullable(),
  job_id: z.string().nullable(),
  meas_id: z.string().nullable(),
  verdict: z.enum(["OK", "NG", "WARN", "ERR"]),
  action: z.enum(["pass", "reject", "hold"]),
  reason: z.enum([
    "score",
    "late",
    "no_frame",
    "stale_frame",
    "image_quality",
    "model_error",
    "not_ready",
    "overrun",
    "manual",
  ]),
  detail: z.string().nullable().optional(),
  score: optionalNumber,
  threshold: optionalNumber,
  warn_threshold: optionalNumber,
  margin_sigma: optionalNumber.optional(),
  regions: z.array(region).max(16).optional(),
  times: z.looseObject({
    trigger_ts: timestamp,
    capture_ts: timestamp.nullable(),
    queue_ms: milliseconds.nullable(),
    capture_ms: milliseconds.nullable(),
    pre_ms: milliseconds.nullable(),
    infer_ms: milliseconds.nullable(),
    post_ms: milliseconds.nullable(),
    total_ms: milliseconds,
    deadline_ms: milliseconds,
    late: z.boolean(),
  }),
  recipe: versioned,
  model: versioned,
  images: z
    .record(
      z.string(),
      z.looseObject({
        topic: z.string().optional(),
        url: z.string().optional(),
        sha256: z.string().optional(),
      }),
    )
    .optional(),
  simulated: z.boolean(),
  historical: z.boolean().describe("delivered late: from the queue, or older than 60 s"),
});
export type Result = z.infer<typeof resultSchema>;

const totals = {
  triggers: count,
  ok: count,
  ng: count,
  warn: count,
  err: count,
  late: count.describe("of err: no verdict by the deadline"),
};

/** `{root}/cam/{camera}/counters`: totals since the last reset */
export const countersSchema = z.looseObject({
  schema: z.string(),
  ts: timestamp,
  since: timestamp.nullable(),
  ...totals,
  recipes: z.record(z.string(), z.looseObject({ ...totals, since: timestamp })),
});
export type CountersMessage = z.infer<typeof countersSchema>;

/** `{root}/cam/{camera}/alarm/{code}`; empty when cleared and acknowledged */
export const alarmSchema = z.looseObject({
  active: z.boolean(),
  severity: z.enum(["info", "warning", "error"]),
  since: timestamp,
  acked: z.boolean(),
  text: z.string(),
});
export type AlarmMessage = z.infer<typeof alarmSchema>;
