import { z } from "zod";

const share = z.number().nullable();

const defectSchema = z.object({ pictures: z.number(), imageAuroc: share, caughtShare: z.number() });

const reportSchema = z.object({
  good: z.number(),
  bad: z.number(),
  imageAuroc: share,
  imageAp: share,
  imageF1Max: share,
  pixelAuroc: share,
  pixelAurocError: share,
  pixelAp: share,
  pixelF1Max: share,
  aupro: share,
  aupro005: share,
  withoutMask: z.number(),
  emptyMask: z.number().default(0),
  perDefect: z.record(z.string(), defectSchema),
  threshold: z.number(),
  falseRejectRate: share,
  escapeRate: share,
  latencyMsP50: z.number().nullable(),
  latencyMsP99: z.number().nullable(),
  decodeMsP50: z.number().nullable(),
  evaluateSeconds: z.number(),
});

const pictureScoreSchema = z.object({
  file: z.string(),
  isBad: z.boolean(),
  kind: z.string(),
  score: z.number(),
});

const exampleSchema = z.object({
  ...pictureScoreSchema.shape,
  wrong: z.enum(["miss", "false alarm"]).nullable().describe("at the deployed threshold"),
  /** Base64 JPEGs of the picture, and of the picture under its anomaly map. */
  picture: z.string(),
  overlay: z.string(),
});

const operatingPointSchema = z.object({
  threshold: z.number(),
  f1: z.number(),
  falseRejectRate: z.number(),
  escapeRate: z.number(),
});

/** Chosen by looking at the test pictures: an upper bound, never comparable with the rest. */
const oracleSchema = z.object({
  /** Image AUROC after each share of the training steps, and with all of them. */
  lengths: z.array(z.object({ share: z.number(), imageAuroc: share })),
  bestImageAuroc: share,
  point: operatingPointSchema.nullable(),
});

/**
 * Of the code that learns and judges. Raise it with a change after which the same pictures and settings give other figures (a
 * method, synthesis, calibration): cells that were kept before are then measured again.
 */
export const CELL_VERSION = 1;

/** One training and its measurement: one category, one seed. What a result's tables and pages are made of; kept as JSON. */
export const cellSchema = z.object({
  key: z.string(),
  version: z.int().default(1).describe("CELL_VERSION of the code that measured it"),
  pictures: z
    .string()
    .nullable()
    .default(null)
    .describe("hash of its picture files; null: kept before there was one"),
  category: z.string(),
  seed: z.number(),
  /** Good pictures learned from, the held-out ones included. */
  images: z.number(),
  report: reportSchema,
  scores: z.array(pictureScoreSchema),
  /** Calibrated scores of the normals that gave the threshold. */
  heldOutScores: z.array(z.number()),
  /** What calibration said of the share of good parts that will be rejected: a 95 % interval. */
  statedFalseReject: z.object({ low: z.number(), high: z.number() }),
  /** Trainings that ran at the same time, and CPU threads of each: what the times depend on. */
  jobs: z.number(),
  threads: z.number(),
  trainSeconds: z.number(),
  resumed: z.boolean().default(false).describe("trainSeconds are of the rest of a training that was stopped"),
  /** Highest resident memory of the training process, MB. */
  trainPeakMb: z.number().nullable(),
  /** For one picture; null where the model does not say. */
  cost: z.object({ macs: z.number(), parameters: z.number() }).nullable(),
  /** With method auto: which model was deployed, and why. */
  choice: z.string().nullable(),
  /** The worst misses and false alarms, or what came closest. */
  examples: z.array(exampleSchema),
  oracle: oracleSchema.nullable(),
});
export type Cell = z.infer<typeof cellSchema>;
export type Example = z.infer<typeof exampleSchema>;
export type Oracle = z.infer<typeof oracleSchema>;
