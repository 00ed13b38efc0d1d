import { z } from "zod";
import { ModelError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import { qualityRecordSchema } from "../imaging/quality/quality-reference.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.strictObject({ width: z.int().positive(), height: z.int().positive() });
export const BUNDLE_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Ends the id of a bundle that is to judge only until its job is done. */
export const INSTANT_SUFFIX = "-instant";

const thresholdSchema = z.strictObject({
  /** In units of the calibrated score. */
  value: z.number(),
  /** Quantile of the held-out normals' scores, then × factor. */
  quantile: z.number(),
  factor: z.number(),
  heldOut: z.int(),
  /** Expected share of good parts rejected: 95 % interval (Clopper-Pearson). */
  falseRejectRate: z.strictObject({ low: z.number(), high: z.number() }),
});

/** What good parts looked like; null in bundles that are older than it. */
const quality = qualityRecordSchema.nullable().default(null);

const parent = z.string().regex(BUNDLE_ID).nullable();

/** `manifest.json` of a bundle: everything the data path needs, nothing optional left out (architecture.md §5). */
export const bundleManifestSchema = z.strictObject({
  schema: z.literal("assayd-bundle-1"),
  id: z.string().regex(BUNDLE_ID),
  /** The bundle that was active when this one was trained; rollback follows it. */
  parent,
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
  /** Of one input. */
  map: size,
  /** How pictures were prepared (training.preprocess); null in bundles that are older than it. */
  preprocess: z.record(z.string(), z.unknown()).nullable().default(null),
  /** How a picture is cut into inputs; null: a picture is one input. */
  tiling: z
    .strictObject({
      picture: size,
      overlapPx: z.int().min(0),
      /** Files of the places that are not judged (null: all are): one byte a pixel, 1 where judged, and RGB8 that hides the rest. */
      ignored: z.strictObject({ inside: z.string(), fill: z.string() }).nullable(),
    })
    .nullable()
    .default(null),
  opset: z.int().max(17),
  threshold: thresholdSchema,
  quality,
  /** More products that the same model judges, each with its own threshold and history. Older bundles have one product. */
  alsoFor: z
    .array(z.strictObject({ recipe: z.string(), parent, threshold: thresholdSchema, quality }))
    .default([]),
  /** Golden frames: `golden/<n>.rgb` raw RGB8 of the picture size (`pictureSizeOf`); expected scores by the trainer's own interpreter. */
  golden: z.array(z.strictObject({ file: z.string(), score: z.number() })).min(1),
  /** Every other file of the folder, path relative to it with forward slashes. */
  sha256: z.record(z.string(), sha256),
});

export type BundleManifest = z.infer<typeof bundleManifestSchema>;

/** What a bundle is to one of its products. */
export type ServedRecipe = Pick<BundleManifest, "recipe" | "parent" | "threshold" | "quality">;

/** All products of a bundle, the one that it is named after first. */
export function servedRecipes({
  recipe,
  parent,
  threshold,
  quality,
  alsoFor,
}: BundleManifest): readonly ServedRecipe[] {
  return [{ recipe, parent, threshold, quality }, ...alsoFor];
}

/** @throws ModelError `wrong-recipe` if the bundle was not made for this recipe. */
export function servedRecipe(manifest: BundleManifest, recipe: string): ServedRecipe {
  const served = servedRecipes(manifest);
  const found = served.find((candidate) => candidate.recipe === recipe);
  if (found !== undefined) return found;
  const made = served.map((candidate) => `"${candidate.recipe}"`).join(", ");
  throw new ModelError(
    "wrong-recipe",
    `Bundle ${manifest.id} was made for recipe ${made}, not "${recipe}". See "assayd models list".`,
  );
}

/** Size of the pictures that a bundle judges. */
export function pictureSizeOf({ tiling, input }: Pick<BundleManifest, "tiling" | "input">): Size {
  return tiling?.picture ?? { width: input.width, height: input.height };
}
