import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeSafetensors } from "../backbones/weights/safetensors.ts";
import { BundleStore } from "../bundles/store.ts";
import { createManifest } from "../bundles/write.ts";
import type { JobResult } from "../domain/job.ts";
import { writeDurably } from "../system/durable-files.ts";
import type { Model } from "./model.ts";
import type { Finishing } from "./work.ts";

/** How a model stands among the bundles. */
export interface BundleName {
  readonly id: string;
  /** Where rollback leads. */
  readonly parent: string | null;
  /** Why it was chosen, where there was a choice. */
  readonly choice: string | null;
}

const OPSET = 17;

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
  const { parityMaxAbs, calibration } = model;
  const { threshold, falseRejectRate } = calibration;
  const images = normals.count;
  const { id: bundleId, choice } = name;
  return { bundleId, bundleDir, threshold, parityMaxAbs, trainSeconds, images, falseRejectRate, choice };
}

async function writeBundle(folder: string, work: Finishing, model: Model, name: BundleName): Promise<void> {
  await mkdir(join(folder, "golden"), { recursive: true });
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  await writeDurably(join(folder, "inspector.onnx"), model.inspector);
  await writeDurably(join(folder, "heads.safetensors"), writeSafetensors(model.heads));
  await writeDurably(join(folder, "calibration.json"), json(model.calibration));
  await writeDurably(join(folder, "report.json"), json(reportOf(work, model, name)));
  for (const [index, { picture }] of model.golden.entries())
    await writeDurably(join(folder, goldenFile(index)), picture);
  await createManifest(folder, manifestFields(work, model, name));
}

function goldenFile(index: number): string {
  return `golden/${index}.rgb`;
}

/** Curves, data set, durations: for people. */
function reportOf(
  { normals, split, progress }: Finishing,
  { learned, parityMaxAbs, rawScores }: Model,
  { choice }: BundleName,
) {
  const { hash, count: images, words } = normals;
  const dataSet = { hash, images, trained: split.train.length, heldOut: split.heldOut.length };
  const facts = { parityMaxAbs, heldOutRawScores: rawScores, trainSeconds: progress.elapsedS, choice };
  return { dataSet, cleaning: words, ...learned, ...facts };
}

function manifestFields(
  { job, teacher: { manifest: teacher } }: Finishing,
  { method, calibration, golden }: Model,
  { id, parent }: BundleName,
): Parameters<typeof createManifest>[1] {
  const { name, ...config } = method;
  return {
    id,
    parent,
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
    opset: OPSET,
    threshold: {
      value: calibration.threshold,
      quantile: calibration.quantile,
      factor: calibration.factor,
      heldOut: calibration.heldOut,
      falseRejectRate: calibration.falseRejectRate,
    },
    golden: golden.map(({ score }, index) => ({ file: goldenFile(index), score })),
  };
}
