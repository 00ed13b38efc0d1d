import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ModelError, messageOf } from "../domain/errors.ts";
import { writeDurably, type DurableStep } from "../system/durable-files.ts";
import { failpoint } from "../system/failpoints.ts";
import { bundleManifestSchema, type BundleManifest } from "./manifest.ts";
import { MANIFEST_FILE, MANIFEST_SUM_FILE, manifestSum, sha256OfFile } from "./read.ts";

/**
 * Finishes a bundle's folder: computes the sha256 of every file in it and writes `manifest.json` and its own checksum
 * file. Call it last; any later change of a file makes the bundle `bundle-damaged`.
 * @throws ModelError `bundle-invalid` if the fields do not fit the schema.
 */
export async function createManifest(
  dir: string,
  fields: Omit<z.input<typeof bundleManifestSchema>, "schema" | "sha256">,
): Promise<BundleManifest> {
  const sha256: Record<string, string> = {};
  for (const file of await filesBelow(dir, "")) sha256[file] = await sha256OfFile(dir, file);
  const parsed = bundleManifestSchema.safeParse({ schema: "assayd-bundle-1", ...fields, sha256 });
  if (!parsed.success) {
    throw new ModelError(
      "bundle-invalid",
      `The manifest of bundle ${fields.id} does not fit the schema: ${z.prettifyError(parsed.error)}`,
    );
  }
  const text = `${JSON.stringify(parsed.data, null, 2)}\n`;
  await writeDurably(join(dir, MANIFEST_FILE), text);
  await writeDurably(join(dir, MANIFEST_SUM_FILE), manifestSum(Buffer.from(text)));
  return parsed.data;
}

const thresholdOverrideSchema = z.strictObject({
  /** In units of the calibrated score; above it a part is NG. */
  value: z.number(),
  /** Above it (and not above `value`) a part is WARN; null: no grey zone. */
  warn: z.number().nullable(),
  /** The bundle it was set for: scores of another bundle are another scale. */
  bundleId: z.string(),
  /** Who set it, and when (ISO 8601). */
  by: z.string(),
  at: z.iso.datetime(),
});
/** A threshold that a person set, in place of the bundle's. */
export type ThresholdOverride = z.infer<typeof thresholdOverrideSchema>;

const thresholdFile = (activeDir: string, recipe: string) => join(activeDir, `${recipe}.threshold.json`);

/**
 * The person's threshold for this recipe and bundle; null if none was set, or it was set for another bundle.
 * @throws ModelError `threshold-invalid` if the file is damaged.
 */
export async function readThresholdOverride(
  activeDir: string,
  recipe: string,
  bundleId: string,
): Promise<ThresholdOverride | null> {
  const path = thresholdFile(activeDir, recipe);
  try {
    const override = thresholdOverrideSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return override.bundleId === bundleId ? override : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ModelError(
      "threshold-invalid",
      `${path} is damaged: ${messageOf(error)}. Set the threshold again.`,
      {
        cause: error,
      },
    );
  }
}

/** Sets (durably) the person's threshold of a recipe. @throws ModelError `threshold-invalid` for values outside the schema. */
export async function writeThresholdOverride(
  activeDir: string,
  recipe: string,
  override: ThresholdOverride,
): Promise<void> {
  const parsed = thresholdOverrideSchema.safeParse(override);
  if (!parsed.success) {
    throw new ModelError("threshold-invalid", `Threshold for ${recipe}: ${z.prettifyError(parsed.error)}`);
  }
  const onStep = (step: DurableStep) => {
    if (step === "tmp-written" || step === "renamed") failpoint(`threshold.${step}`);
  };
  await writeDurably(thresholdFile(activeDir, recipe), `${JSON.stringify(parsed.data, null, 2)}\n`, onStep);
}

async function filesBelow(dir: string, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(dir, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesBelow(dir, path)));
    else if (path !== MANIFEST_FILE && path !== MANIFEST_SUM_FILE) files.push(path);
  }
  return files.sort();
}
