import { z } from "zod";

/** The one home of the methods' settings: types, defaults and words. Part of `configSchema` (`training.method`). */

const positiveInt = z.int().positive();

/** Stage plans (method.ts, StagePlan) with a method's own defaults. */
const plan = (steps: number, batch: number, learningRate: number) => ({
  steps: positiveInt.default(steps),
  batch: positiveInt.default(batch),
  learningRate: z.number().positive().default(learningRate),
});

const levels = z.array(z.int().min(1).max(3)).min(1);

/** What the fused form adds up. */
const PARTS = ["amplify", "distill", "bank"] as const;

const aandSettings = z.strictObject({
  name: z
    .literal("aand")
    .describe("amplified teacher, distilled on normals (IEEE TIP 2026, arXiv 2405.02068)"),
  form: z
    .enum(["fused", "paper"])
    .default("fused")
    .describe(
      "paper: as published; fused: for small teachers: gate that sees its surroundings, whitened student, bank",
    ),
  levels: levels
    .default([2, 3])
    .describe("teacher scales that are compared (1 finest); paper 1, 2, 3; the fused gate sees all"),
  student: z
    .enum(["compact", "reverse"])
    .default("compact")
    .describe("reverse: RD's decoder as in the paper"),
  amplify: z
    .strictObject({
      enabled: z.boolean().default(true),
      images: positiveInt.default(1600).describe("synthetic pictures made"),
      ...plan(700, 16, 4e-3),
      trust: z
        .enum(["measured", "full"])
        .default("measured")
        .describe("measured: a gate that fires on held-out good parts is damped; full: the paper"),
      use: z
        .enum(["both", "gate", "generator"])
        .default("both")
        .describe("paper form, its ablations: the gate's map alone, or the residual everywhere"),
      residual: z
        .enum(["tanh", "sigmoid", "free"])
        .default("tanh")
        .describe("paper form: how φ2 scales a feature"),
      hidden: z
        .number()
        .positive()
        .default(1)
        .describe("paper form: width of the perceptrons in channels (paper 2, at most 1024)"),
      memory: positiveInt.default(50).describe("paper form: N normal and N anomalous keys"),
      temperature: z.number().positive().default(0.2).describe("paper form: T of the gate's softmax"),
      margin: z.number().default(0.3).describe("paper form: of the amplification loss"),
    })
    .prefault({}),
  wide: z
    .strictObject({
      enabled: z.boolean().default(true),
      images: positiveInt.default(500).describe("synthetic pictures made"),
    })
    .prefault({})
    .describe("fused form, part of stage 1: wide areas of another finish"),
  distill: z
    .strictObject({
      enabled: z.boolean().default(true).describe("fused form: false leaves the student out (ablation)"),
      ...plan(900, 16, 5e-3),
      hardLocations: positiveInt.default(10).describe("K of hard knowledge distillation"),
      hardWeight: z
        .number()
        .min(0)
        .default(0.1)
        .describe("paper 1; 0.1 measured better with whitened targets"),
    })
    .prefault({}),
  bank: z
    .strictObject({
      enabled: z.boolean().default(true),
      patches: positiveInt.default(3000).describe("features kept (coreset)"),
    })
    .prefault({})
    .describe("fused form: distance to the nearest remembered patch"),
  blurSigmaPx: z.number().min(0).default(2).describe("paper 4"),
});

export const aandSchema = aandSettings
  .refine(({ form, ...parts }) => form === "paper" || PARTS.some((part) => parts[part].enabled), {
    path: ["amplify", "enabled"],
    error: "at least one of amplify, distill and bank enabled, since they give the map",
  })
  .refine(
    ({ form, amplify: { enabled, use }, distill }) =>
      form === "fused" || distill.enabled || (enabled && use === "gate"),
    {
      path: ["distill", "enabled"],
      error: "true, since in the paper's form the student gives the map (unless amplify.use is gate)",
    },
  );
export type AandConfig = z.infer<typeof aandSchema>;

export const rdSchema = z.strictObject({
  name: z
    .literal("rd")
    .describe("Reverse Distillation (CVPR 2022): flattened cosine, one-class bottleneck, decoder"),
  levels: levels.default([1, 2, 3]),
  student: z.enum(["compact", "reverse"]).default("reverse"),
  distill: z.strictObject(plan(800, 16, 5e-3)).prefault({}),
  blurSigmaPx: z.number().min(0).default(4),
});
export type RdConfig = z.infer<typeof rdSchema>;

export const adpsSchema = z.strictObject({
  name: z
    .literal("adps")
    .describe("asymmetric distillation with post-segmentation (TNNLS 2025): sharp masks"),
  levels: levels.default([1, 2, 3]),
  patches: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)])
    .default(8)
    .describe("the student sees k × k crops"),
  segmentWeight: z.number().min(0).default(1).describe("λ of the segmentation loss"),
  amplify: z
    .strictObject({ images: positiveInt.default(400), ...plan(400, 8, 2e-3) })
    .prefault({})
    .describe("student and segmentation learn together, on synthetic anomalies"),
  blurSigmaPx: z.number().min(0).default(2),
});
export type AdpsConfig = z.infer<typeof adpsSchema>;

export const snlSchema = z.strictObject({
  name: z
    .literal("snl")
    .describe("one model for many products (arXiv 2402.17091, reconstructed from its abstract)"),
  levels: levels.default([2, 3]),
  features: z
    .enum(["standardized", "raw"])
    .default("standardized")
    .describe("what is compared; raw: the teacher's features as they are, for ResNets"),
  student: z.enum(["compact", "reverse"]).default("compact").describe("reverse: RD's decoder"),
  centers: positiveInt.default(64).describe("of the central residual aggregation"),
  distill: z.strictObject(plan(1200, 16, 5e-3)).prefault({}),
  blurSigmaPx: z.number().min(0).default(4),
});
export type SnlConfig = z.infer<typeof snlSchema>;

export const memoryBankSchema = z.strictObject({
  name: z
    .literal("memory-bank")
    .describe("no training: nearest neighbours or a Gaussian of the teacher's features"),
  levels: levels.default([2, 3]),
  kind: z
    .enum(["patches", "gaussian"])
    .default("patches")
    .describe("PatchCore-like, or PaDiM-like (fixed assemblies)"),
  patches: positiveInt.default(4000).describe("features kept (coreset)"),
  blurSigmaPx: z.number().min(0).default(4),
});
export type MemoryBankConfig = z.infer<typeof memoryBankSchema>;

/** The methods that learn by training steps. */
const trainedSchema = z.discriminatedUnion("name", [aandSchema, rdSchema, adpsSchema, snlSchema]);

const autoSchema = z.strictObject({
  name: z
    .literal("auto")
    .describe("a trained method, deployed only where it beats the instant model (training.instant.method)"),
  trained: trainedSchema.prefault({ name: "aand" }),
});

/** One method by itself, told apart by `name`. */
export type OneMethodConfig = z.infer<typeof trainedSchema> | MemoryBankConfig;

/** Which method learns a product, told apart by `name`. */
export const methodSchema = z.discriminatedUnion("name", [trainedSchema, memoryBankSchema, autoSchema]);
export type MethodConfig = z.infer<typeof methodSchema>;

export const instantSchema = z
  .strictObject({
    start: z
      .enum(["first", "always", "never"])
      .default("first")
      .describe(
        "judge by the instant model while training: if the recipe has no model yet, always, or never",
      ),
    method: memoryBankSchema.prefault({ name: "memory-bank" }),
  })
  .describe("a model without training, ready in seconds");
export type InstantConfig = z.infer<typeof instantSchema>;
