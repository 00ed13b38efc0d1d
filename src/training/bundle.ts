import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeSafetensors } from "../backbones/weights/safetensors.ts";
import { BundleStore } from "../bundles/store.ts";
import { createManifest } from "../bundles/write.ts";
import type { JobResult } from "../domain/job.ts";
import { zip } from "../graph/zip.ts";
import type { QualityRecord } from "../imaging/quality/quality-reference.ts";
import { writeDurably } from "../system/durable-files.ts";
import type { Calibration } from "./calibrate.ts";
import { goodParts } from "./good-parts.ts";
import type { Model } from "./model.ts";
import type { Finishing } from "./work.ts";

/** How a model stands among the bundles. */
export interface BundleName {
  readonly id: string;
  /** Where rollback leads for a recipe that had no model before the job. */
  readonly instead: string | null;
  /** Why it was chosen, where there was a choice. */
  readonly choice: string | null;
}

const OPSET = 17;
/** Of pictures that are cut into tiles; otherwise the model itself knows. */
const IGNORED_FILES = { inside: "ignored-inside.bin", fill: "ignored-fill.rgb" } as const;

/**
 * Writes everything of a bundle into a folder beside the job's, then moves it among the bundles in one step. A failure
 * leaves neither. A bundle of that id is one that the job made before it was interrupted: it stays.
 */
export async function addBundle(work: Finishing, model: Model, name: BundleName): Promise<JobResult> {
  const { job, progress, normals } = work;
  const store = new BundleStore({ bundles: job.bundlesDir, active: join(job.bundlesDir, "..", "active") });
  const trainSeconds = progress.elapsedS;
  const bundleDir = store.dir(name.id);
  if (!existsSync(bundleDir)) {
    const folder = join(job.jobDir, `bundle-${name.id}`);
    await rm(folder, { recursive: true, force: true });
    try {
      await writeBundle(folder, work, model, name);
      await store.add(folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true }); // large, and perhaps the reason why the disk is full
      throw error;
    }
  }
  const { parityMaxAbs, calibration, alsoFor } = model;
  const { count: images, hash: dataSetHash } = normals;
  const facts = { parityMaxAbs, trainSeconds, images, dataSetHash, choice: name.choice };
  const { threshold, falseRejectRate } = calibration;
  const others = alsoFor.map((own) => ({
    recipe: own.recipe,
    threshold: own.threshold,
    falseRejectRate: own.falseRejectRate,
  }));
  return { bundleId: name.id, bundleDir, threshold, falseRejectRate, alsoFor: others, ...facts };
}

async function writeBundle(folder: string, work: Finishing, model: Model, name: BundleName): Promise<void> {
  await mkdir(join(folder, "golden"), { recursive: true });
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  await writeDurably(join(folder, "inspector.onnx"), model.inspector);
  await writeDurably(join(folder, "heads.safetensors"), writeSafetensors(model.heads));
  const calibrations = { ...model.calibration, alsoFor: model.alsoFor };
  await writeDurably(join(folder, "calibration.json"), json(calibrations));
  await writeDurably(join(folder, "report.json"), json(reportOf(work, model, name)));
  for (const [index, { picture }] of model.golden.entries())
    await writeDurably(join(folder, goldenFile(index)), picture);
  const ignored = model.view.tiles?.ignored;
  if (ignored) {
    await writeDurably(join(folder, IGNORED_FILES.inside), ignored.inside);
    await writeDurably(join(folder, IGNORED_FILES.fill), ignored.fill);
  }
  const looks = await goodParts(work.normals, work.job.pictureSize);
  await createManifest(folder, manifestFields(work, model, name, looks));
}

function goldenFile(index: number): string {
  return `golden/${index}.rgb`;
}

/** Curves, data set, durations: for people. */
function reportOf(
  { normals, split, progress }: Finishing,
  { learned, parityMaxAbs, rawScores, cost }: Model,
  { choice }: BundleName,
) {
  const { hash, count: images, words } = normals;
  const dataSet = { hash, images, trained: split.train.length, heldOut: split.heldOut.length };
  const facts = { parityMaxAbs, heldOutRawScores: rawScores, cost, trainSeconds: progress.elapsedS, choice };
  return { dataSet, cleaning: words, ...learned, ...facts };
}

function manifestFields(
  { job, teacher: { manifest: teacher } }: Finishing,
  { method, view, calibration, alsoFor, golden }: Model,
  { id, instead }: BundleName,
  looks: ReadonlyMap<string, QualityRecord>,
): Parameters<typeof createManifest>[1] {
  const { name, ...config } = method;
  return {
    id,
    parent: job.parent ?? instead,
    createdAt: new Date().toISOString(),
    recipe: job.recipe,
    method: { name, config },
    teacher: {
      id: teacher.id,
      sha256: teacher.sha256["teacher.safetensors"] ?? "",
      licence: teacher.licence,
    },
    input: { ...job.inputSize, layout: "NHWC-RGB8" },
    map: job.inputSize,
    preprocess: { ...job.training.preprocess, light: view.preprocess.light },
    tiling: view.tiles && {
      picture: view.tiles.picture,
      overlapPx: job.training.preprocess.tileOverlapPx,
      ignored: view.tiles.ignored && IGNORED_FILES,
    },
    opset: OPSET,
    threshold: thresholdOf(calibration),
    quality: looks.get(job.recipe) ?? null,
    alsoFor: zip(job.alsoFor, alsoFor).map(([{ recipe, parent }, own]) => ({
      recipe,
      parent: parent ?? instead,
      threshold: thresholdOf(own),
      quality: looks.get(recipe) ?? null,
    })),
    golden: golden.map(({ score }, index) => ({ file: goldenFile(index), score })),
  };
}

function thresholdOf({ threshold: value, quantile, factor, heldOut, falseRejectRate }: Calibration) {
  return { value, quantile, factor, heldOut, falseRejectRate };
}
