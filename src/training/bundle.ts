import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TeacherManifest } from "../backbones/teacher-manifest.ts";
import { writeSafetensors } from "../backbones/weights/safetensors.ts";
import { BundleStore } from "../bundles/store.ts";
import { createManifest } from "../bundles/write.ts";
import type { Weights } from "../graph/ops.ts";
import { writeDurably } from "../system/durable-files.ts";
import type { Calibration } from "./calibrate.ts";
import type { TrainingJob } from "./protocol.ts";

export interface BundleContents {
  readonly job: TrainingJob;
  readonly teacher: TeacherManifest;
  /** `inspector.onnx` */
  readonly model: Uint8Array;
  /** The trained weights, to continue from. */
  readonly heads: Weights;
  readonly calibration: Calibration;
  /** Real frames with the trainer's own scores. */
  readonly golden: readonly { readonly picture: Uint8Array; readonly score: number }[];
  /** Curves, data set, durations: for people. */
  readonly report: Readonly<Record<string, unknown>>;
}

const OPSET = 17;

/**
 * Writes everything of a bundle into a folder beside the job's, then moves it among the bundles in one step. A failure
 * leaves neither.
 * @returns the bundle's folder
 */
export async function addBundle(contents: BundleContents): Promise<string> {
  const { job } = contents;
  const folder = join(job.jobDir, `bundle-${job.id}`);
  const store = new BundleStore({ bundles: job.bundlesDir, active: join(job.bundlesDir, "..", "active") });
  await rm(folder, { recursive: true, force: true });
  try {
    await writeBundle(folder, contents);
    await store.add(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true }); // large, and perhaps the reason why the disk is full
    throw error;
  }
  return store.dir(job.id);
}

async function writeBundle(folder: string, contents: BundleContents): Promise<void> {
  await mkdir(join(folder, "golden"), { recursive: true });
  await writeDurably(join(folder, "inspector.onnx"), contents.model);
  await writeDurably(join(folder, "heads.safetensors"), writeSafetensors(contents.heads));
  await writeDurably(join(folder, "calibration.json"), `${JSON.stringify(contents.calibration, null, 2)}\n`);
  await writeDurably(join(folder, "report.json"), `${JSON.stringify(contents.report, null, 2)}\n`);
  for (const [index, { picture }] of contents.golden.entries())
    await writeDurably(join(folder, goldenFile(index)), picture);
  await createManifest(folder, manifestFields(contents));
}

function goldenFile(index: number): string {
  return `golden/${index}.rgb`;
}

function manifestFields({
  job,
  teacher,
  calibration,
  golden,
}: BundleContents): Parameters<typeof createManifest>[1] {
  const { name, ...config } = job.training.method;
  return {
    id: job.id,
    parent: job.parent,
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
