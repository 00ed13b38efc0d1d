import { mkdir } from "node:fs/promises";
import type { OneMethodConfig } from "../config/method-schema.ts";
import { createMethod } from "../methods/registry.ts";
import type { View } from "../preprocess/view.ts";
import { keyOf, removeStale } from "./checkpoint.ts";
import type { FeatureFile } from "./feature-file.ts";
import { normalFeatures } from "./normal-features.ts";
import { openNormals, PICTURES_FILE, type Normals } from "./normals.ts";
import type { Progress } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import { textureFacts } from "./synthesize/folder-texture.ts";
import { scaledTo } from "./scale-plan.ts";
import { splitProducts } from "./products.ts";
import { openJobTeacher } from "./teacher.ts";
import { judgedByProduct } from "./product-masks.ts";
import { openSamples, type Samples } from "./samples.ts";
import { fingerprint, settleView } from "./settle-view.ts";
import { openTeacherSession, someLevels, teacherModel, type TeacherSession } from "./teacher-features.ts";
import type { Material, Work } from "./work.ts";

/**
 * Cleans the normals, splits them and has the teacher look at them once, for all methods that will learn from them.
 * Stage 2 sees normals only and the teacher is frozen, so that once is enough.
 * @returns what the caller closes with `closeMaterial`
 * @throws InputError, TrainingError, ModelError; the signal's reason when cancelled
 */
export async function openMaterial(
  job: TrainingJob,
  configs: readonly OneMethodConfig[],
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Material> {
  await mkdir(job.jobDir, { recursive: true });
  const normals = await openNormals(job, progress, signal);
  let session: TeacherSession | null = null;
  let samples: Samples | null = null;
  let features: FeatureFile | null = null;
  try {
    const teacher = await openJobTeacher(job);
    const wanted = configs.flatMap((config) => createMethod(config).levels);
    const levels = teacher.backbone.levels(job.inputSize).filter(({ level }) => wanted.includes(level));
    const split = splitProducts(normals.products, job.training.heldOutShare, job.training.seed);
    const view = await settleView(job, normals, split.train);
    const digest = teacher.manifest.sha256["teacher.safetensors"] ?? "";
    const key = await workKey(job, normals, digest, view);
    await removeStale(job.jobDir, [key, PICTURES_FILE]);
    const model = await teacherModel(job, teacher, view);
    session = await openTeacherSession({ model, size: job.inputSize, levels, threads: job.threads });
    samples = await openSamples({ job, key, progress, signal, normals, split, view });
    const known = { job, key, progress, signal, normals, split, view, samples, teacher, levels, session };
    features = await normalFeatures(known);
    return { ...known, features, view: await judgedByProduct({ ...known, features }) };
  } catch (error) {
    await features?.close();
    await samples?.close();
    await session?.close();
    await normals.pictures.close();
    throw error;
  }
}

export async function closeMaterial({ normals, samples, session, features }: Material): Promise<void> {
  await features.close();
  await samples.close();
  await session.close();
  await normals.pictures.close();
}

/** The material as one method sees it. */
export function workFor(material: Material, methodConfig: OneMethodConfig): Work {
  const method = scaledTo(material.job.inputSize, createMethod(methodConfig));
  const positions = [...material.levels.keys()].filter((at) =>
    method.levels.includes(material.levels[at]!.level),
  );
  return {
    ...material,
    method,
    methodConfig,
    levels: positions.map((at) => material.levels[at]!),
    session: someLevels(material.session, positions),
    features: material.features.only(positions),
  };
}

/** Raise it when caches or checkpoints come to mean something else: an interrupted job then begins anew after an update. */
const KEPT_FORMAT = 3;

/** What caches and checkpoints depend on: not on the limits of the process, nor on how the threshold is found afterwards. */
async function workKey(
  { training, inputSize }: TrainingJob,
  normals: Normals,
  teacher: string,
  view: View,
): Promise<string> {
  const { method, instant, preprocess, heldOutShare, texturesDir, seed } = training;
  const shown = fingerprint(view);
  const settings = {
    format: KEPT_FORMAT,
    method,
    instant: instant.method,
    preprocess,
    shown,
    heldOutShare,
    texturesDir: texturesDir && (await textureFacts(texturesDir)),
    seed,
  };
  return keyOf(normals.hash, teacher, inputSize, settings);
}
