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
  busy: z.boolean().describe("a part is under way"),
  running: z.boolean().optional().describe("inspection is switched on"),
  fault: fault.nullable(),
  warnings: z.array(fault).optional().describe("it works, but somebody should look"),
  awaits_reset: z.boolean().optional().describe("a fault waits for cmd/reset"),
  bypass: z.boolean().optional().describe("parts pass unjudged"),
  training: z.boolean().optional(),
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
  tag: count.nullable().optional().describe("the PLC's number for the part"),
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
        meta: z.string().optional().describe("topic that says what the picture shows, with its sha256"),
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
  missed: count.describe("of err: the line was not ready"),
};

/** `{root}/cam/{camera}/counters`: totals since the last reset */
export const countersSchema = z.looseObject({
  schema: z.string(),
  ts: timestamp,
  since: timestamp.nullable(),
  ...totals,
  times: z
    .looseObject({
      min_ms: optionalNumber,
      mean_ms: optionalNumber,
      p95_ms: optionalNumber,
      max_ms: optionalNumber,
    })
    .optional()
    .describe("trigger to verdict of the newest 1,000 parts"),
  recipes: z.record(z.string(), z.looseObject({ ...totals, since: timestamp })),
});
export type CountersMessage = z.infer<typeof countersSchema>;

/** `{root}/cam/{camera}/image/{kind}/meta`: what the next picture on `image/{kind}` shows */
export const pictureSchema = z.looseObject({
  inspection_id: z.uuid().nullable().describe("null: a snapshot, outside of any inspection"),
  frame_id: z.string().nullable(),
  seq: count.nullable(),
  ts: timestamp.describe("when it was captured"),
  verdict: z.enum(["OK", "NG", "WARN", "ERR"]).nullable(),
  topic: z.string(),
  content_type: z.enum(["image/jpeg", "image/webp"]),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PictureMessage = z.infer<typeof pictureSchema>;

/** `{root}/cam/{camera}/alarm/{code}` and `{root}/alarm/{code}`; empty when cleared and acknowledged */
export const alarmSchema = z.looseObject({
  active: z.boolean(),
  severity: z.enum(["info", "warning", "error"]),
  since: timestamp,
  acked: z.boolean(),
  text: z.string(),
});
export type AlarmMessage = z.infer<typeof alarmSchema>;
