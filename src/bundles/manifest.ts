import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const BUNDLE_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** `manifest.json` of a bundle: everything the data path needs, nothing optional left out (architecture.md §5). */
export const bundleManifestSchema = z.strictObject({
  schema: z.literal("assayd-bundle-1"),
  id: z.string().regex(BUNDLE_ID),
  /** The bundle that was active when this one was trained; rollback follows it. */
  parent: z.string().regex(BUNDLE_ID).nullable(),
  createdAt: z.iso.datetime(),
  /** Which product. */
  recipe: z.string(),
  method: z.strictObject({
    name: z.string(),
    /** The method's configuration as it was used, defaults written out. */
    config: z.record(z.string(), z.unknown()),
  }),
  teacher: z.strictObject({ id: z.string(), sha256, licence: z.string() }),
  input: z.strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
    layout: z.literal("NHWC-RGB8"),
  }),
  map: z.strictObject({ width: z.int().positive(), height: z.int().positive() }),
  opset: z.int().max(17),
  threshold: z.strictObject({
    /** In units of the calibrated score. */
    value: z.number(),
    /** Quantile of the held-out normals' scores, then × factor. */
    quantile: z.number(),
    factor: z.number(),
    heldOut: z.int(),
    /** Expected share of good parts rejected: 95 % interval (Clopper-Pearson). */
    falseRejectRate: z.strictObject({ low: z.number(), high: z.number() }),
  }),
  /** Golden frames: `golden/<n>.rgb` raw RGB8 of the input size; expected scores by the trainer's own interpreter. */
  golden: z.array(z.strictObject({ file: z.string(), score: z.number() })).min(1),
  /** Every other file of the folder, path relative to it with forward slashes. */
  sha256: z.record(z.string(), sha256),
});

export type BundleManifest = z.infer<typeof bundleManifestSchema>;
