import { z } from "zod";
import { PRODUCT_NAMES } from "../simulator/product-names.ts";
import { brokerSchema } from "./broker-schema.ts";
import {
  evidenceSchema,
  historySchema,
  outboxSchema,
  replaySchema,
  reportsSchema,
} from "./history-schema.ts";
import { homeAssistantSchema } from "./home-assistant-schema.ts";
import { instantSchema, methodSchema } from "./method-schema.ts";
import { commandsSchema, imagesSchema, topicRootSchema, type ImagesConfig } from "./messaging-schema.ts";
import { name } from "./name.ts";
import { inputSize, preprocessSchema } from "./preprocess-schema.ts";
import { opcuaSchema } from "./opcua-schema.ts";
import { plcSchema } from "./plc-schema.ts";
import { recipeSchema } from "./recipe-schema.ts";
import { rejectSchema } from "./reject-schema.ts";
import { sparkplugSchema } from "./sparkplug-schema.ts";
import { triggerFilterSchema, triggerSchema } from "./trigger-schema.ts";

/**
 * The one home of the configuration: types, defaults and words for every key. `config/assayd.yaml` is the commented
 * example, `config/assayd.schema.json` is generated from this (`npm run schema`). Unknown keys are errors.
 */

export type { BrokerConfig } from "./broker-schema.ts";

const share = z.number().min(0).max(1);
const positiveInt = z.int().positive();

export const cameraSourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("simulated").describe("pictures of a product that assayd renders itself"),
    product: z
      .enum(PRODUCT_NAMES)
      .default("default")
      .describe("what passes by: assayd simulate products --list"),
    fps: z.number().positive().max(1000).default(5).describe("parts per second"),
    pace: z
      .enum(["clock", "demand"])
      .default("clock")
      .describe("demand: one picture per request, as fast as asked (bench)"),
    defectShare: share.default(0.3).describe("share of defective parts on the mixed line"),
    distinct: positiveInt
      .nullable()
      .default(null)
      .describe("render so many different parts, then show them again (bench); null: all differ"),
    seed: z.int().default(1),
  }),
  z.strictObject({
    kind: z.literal("folder").describe("plays pictures of a folder: MVTec form (train/good, test/*) or flat"),
    path: z.string(),
    fps: z.number().positive().max(1000).default(5),
    pace: z.enum(["clock", "demand"]).default("clock"),
    repeat: z.boolean().default(true).describe("begin again after the last picture"),
    seed: z.int().default(1),
  }),
  z.strictObject({
    kind: z.literal("v4l2"),
    device: z.string().default("/dev/video0"),
    format: z.enum(["raw", "mjpeg"]).default("raw"),
    width: positiveInt.optional(),
    height: positiveInt.optional(),
    fps: positiveInt.optional(),
  }),
  z.strictObject({
    kind: z.literal("rtsp"),
    url: z.string().regex(/^rtsps?:\/\//, "an rtsp:// or rtsps:// address"),
    codec: z.enum(["h264", "h265", "mjpeg"]).default("h264"),
    latencyMs: z.int().min(0).default(50),
    decoder: z.enum(["software", "jetson"]).default("software"),
  }),
  z.strictObject({
    kind: z.literal("csi").describe("Jetson CSI camera by nvarguscamerasrc"),
    sensorId: z.int().min(0).default(0),
    width: positiveInt.default(1920),
    height: positiveInt.default(1080),
    fps: positiveInt.default(30),
    exposureUs: positiveInt.default(8000).describe("fixed: a changing exposure looks like an anomaly"),
    gain: z.number().positive().default(1),
  }),
  z.strictObject({
    kind: z.literal("genicam").describe("GigE/USB3 Vision by aravissrc"),
    cameraName: z.string(),
    exposureUs: positiveInt.default(8000),
    gain: z.number().min(0).default(0),
    features: z.string().default("").describe('GenICam features, e.g. "TriggerMode=On TriggerSource=Line1"'),
    pixelFormat: z
      .enum(["GRAY8", "bayer-rggb", "bayer-bggr", "bayer-grbg", "bayer-gbrg", "RGB"])
      .default("GRAY8"),
  }),
  z.strictObject({
    kind: z.literal("pipeline").describe("your own launch string, up to (not including) the sink"),
    launch: z.string().min(1),
  }),
]);
export type CameraSource = z.infer<typeof cameraSourceSchema>;

export const cameraSchema = z.strictObject({
  name: name.default("cam1"),
  source: cameraSourceSchema.prefault({ kind: "simulated" }),
  recipe: name.default("default").describe("which product; bundles and collected pictures belong to it"),
  trigger: triggerSchema.default({ kind: "every-frame" }),
  triggerFilter: triggerFilterSchema.prefault({}),
  deadlineMs: z.number().positive().default(300).describe("trigger to verdict; later is ERR and reject"),
  frameMode: z
    .enum(["next", "latest"])
    .default("next")
    .describe("next: a frame captured after the trigger; latest: the newest one if fresh"),
  maxFrameAgeMs: z.number().positive().default(100).describe("older frames are stale (frameMode latest)"),
  crop: z
    .strictObject({
      top: z.int().min(0).default(0),
      bottom: z.int().min(0).default(0),
      left: z.int().min(0).default(0),
      right: z.int().min(0).default(0),
    })
    .prefault({})
    .describe("pixels cut from the camera's picture before scaling (region of interest)"),
  stallTimeoutMs: z
    .number()
    .positive()
    .default(900)
    .describe("no frame for this long, and for three frame times: the camera is stalled and reopened"),
  frozenAfterFrames: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      "identical frames in a row that mean a frozen camera; 0: never; null: 5 for sensors (v4l2, csi, genicam, mjpeg), else never",
    ),
  checkImage: z.boolean().default(true).describe("black, white and flat pictures are ERR image_quality"),
  reject: rejectSchema.default({ kind: "none" }),
});
export type CameraConfig = z.infer<typeof cameraSchema>;

export const trainingSchema = z.strictObject({
  method: methodSchema.prefault({ name: "aand" }),
  instant: instantSchema.prefault({}),
  preprocess: preprocessSchema.prefault({}),
  heldOutShare: z
    .number()
    .min(0.05)
    .max(0.5)
    .default(0.2)
    .describe("normals kept out of training for the threshold"),
  minImages: z.int().min(2).default(20),
  thresholdQuantile: share.default(0.98).describe("of the held-out scores; 1 = the highest"),
  thresholdFactor: z.number().positive().default(1).describe("applied to (score − mean of normals)"),
  texturesDir: z
    .string()
    .nullable()
    .default(null)
    .describe("DTD-like folder for synthetic anomalies; null: procedural"),
  seed: z.int().default(1),
  nice: z.int().min(0).max(19).default(19),
  memoryLimitMb: positiveInt.default(4096),
  threads: z.int().min(0).default(0).describe("0: all cores"),
});
export type TrainingConfig = z.infer<typeof trainingSchema>;

export { imagesSchema };
export type { ImagesConfig };

export const configSchema = z.strictObject({
  station: z
    .strictObject({
      name: name.default("station1"),
      stateDir: z
        .string()
        .default(".state")
        .describe("models, pictures, results; systemd's StateDirectory wins"),
      topicRoot: topicRootSchema.optional().describe("default assay/v1/<station name>"),
      inputSize: inputSize.default(256).describe("square model input in pixels"),
    })
    .prefault({}),
  cameras: z
    .array(cameraSchema)
    .min(1)
    .default([cameraSchema.parse({})]),
  recipesDir: z
    .string()
    .default("recipes")
    .describe(
      "folder beside this file: <name>.yaml is the recipe <name>, with the keys of an entry of `recipes`",
    ),
  recipes: z
    .array(recipeSchema)
    .default([])
    .describe(
      "what single products have of their own, in place of station.inputSize and training.preprocess",
    ),
  teacher: z
    .string()
    .default("efficientnet-lite0")
    .describe("id of an imported teacher (assayd teacher list)"),
  inference: z
    .strictObject({
      providers: z
        .array(z.enum(["tensorrt", "cuda", "cpu"]))
        .min(1)
        .default(["tensorrt", "cuda", "cpu"]),
      precision: z
        .enum(["fp32", "fp16"])
        .default("fp16")
        .describe("of TensorRT engines; the CPU always runs fp32"),
      threads: z.int().min(0).default(0).describe("0: one fewer than there are cores"),
      preparedBundles: z
        .int()
        .min(0)
        .default(4)
        .describe("models kept loaded beside those that judge, for a quick change-over"),
    })
    .prefault({}),
  training: trainingSchema.prefault({}),
  broker: brokerSchema.prefault({ kind: "embedded" }),
  images: imagesSchema.prefault({}),
  commands: commandsSchema.prefault({}).describe("on MQTT"),
  outbox: outboxSchema.prefault({}),
  history: historySchema.prefault({}),
  replay: replaySchema.prefault({}),
  evidence: evidenceSchema.prefault({}),
  reports: reportsSchema.prefault({}),
  plc: plcSchema.prefault({}),
  sparkplug: sparkplugSchema.prefault({}),
  homeAssistant: homeAssistantSchema.prefault({}),
  opcua: opcuaSchema.prefault({}),
  http: z
    .strictObject({
      enabled: z.boolean().default(true),
      host: z.string().default("127.0.0.1"),
      port: z.int().min(0).max(65535).default(9464),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
});
export type Config = z.infer<typeof configSchema>;
