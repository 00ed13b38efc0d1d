import { mkdir } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { ensureTeacherOnnx, type Teacher } from "../backbones/teacher-store.ts";
import { teacherNetwork } from "../backbones/backbone.ts";
import type { JobProgress, JobResult } from "../domain/job.ts";
import type { MethodTraining } from "../methods/method.ts";
import { createMethod } from "../methods/registry.ts";
import { amplify } from "./amplify.ts";
import { addBundle } from "./bundle.ts";
import { calibrateCandidate } from "./calibrate-candidate.ts";
import { keyOf, removeStale } from "./checkpoint.ts";
import { distill } from "./distill.ts";
import type { FeatureFile } from "./feature-file.ts";
import { exportInspector, type Candidate } from "./inspector-export.ts";
import { batchesOf, normalFeatures } from "./normal-features.ts";
import { openNormals, PICTURES_FILE } from "./normals.ts";
import { ProgressReporter } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import { splitNormals, type Split } from "./split.ts";
import { settle } from "./settle.ts";
import { synthesize, trainingOrder } from "./synthetic-set.ts";
import { openJobTeacher } from "./teacher.ts";
import { openTeacherSession } from "./teacher-features.ts";
import { validate } from "./validate.ts";
import type { Finishing, Work } from "./work.ts";

export interface TrainingHooks {
  readonly signal: AbortSignal;
  readonly report: (progress: JobProgress) => void;
}

/**
 * The retraining path: clean → synthesize → amplify → distill → calibrate → export → validate. Gives a finished bundle; to
 * promote it is the station's. What a stage makes is kept in the job folder under a name made of all that it depends on, so
 * that an interrupted job goes on where it was.
 * @throws TrainingError, ModelError, InputError: the job failed, in words; the signal's reason when cancelled
 */
export async function runTraining(job: TrainingJob, { signal, report }: TrainingHooks): Promise<JobResult> {
  const progress = new ProgressReporter(report, () => performance.now());
  await mkdir(job.jobDir, { recursive: true });
  const normals = await openNormals(job, progress, signal);
  const split = splitNormals(normals.count, job.training.heldOutShare, job.training.seed);
  const teacher = await openJobTeacher(job);
  const method = createMethod(job.training.method);
  const levels = teacher.backbone.levels(job.inputSize).filter(({ level }) => method.levels.includes(level));
  const key = workKey(job, normals.hash, teacher.manifest.sha256["teacher.safetensors"] ?? "");
  await removeStale(job.jobDir, [key, PICTURES_FILE]);
  const onnxFile = await ensureTeacherOnnx(job.teacherDir, job.inputSize.width);
  const session = await openTeacherSession({ onnxFile, size: job.inputSize, levels, threads: job.threads });
  const work: Work = { job, key, progress, signal, normals, session, method };
  const training = method.begin({ levels, mapSize: job.inputSize, seed: job.training.seed });
  try {
    const learned = await learn(work, training, split);
    const candidate: Candidate = {
      size: job.inputSize,
      teacher: { network: teacherNetwork(teacher.backbone), weights: teacher.weights },
      levels,
      method: training.trained(),
      looksAtPictures: method.looksAtPictures,
    };
    return await finish({ ...work, split, teacher }, candidate, learned);
  } finally {
    training.dispose();
    await session.close();
    await normals.pictures.close();
  }
}

/** From a trained candidate to a bundle among the bundles: calibrate → export → validate. */
export async function finish(
  work: Finishing & { readonly split: Split; readonly teacher: Teacher },
  candidate: Candidate,
  learned: Readonly<Record<string, unknown>>,
): Promise<JobResult> {
  const { job, progress, signal, normals, split, teacher } = work;
  const { calibration, scale, rawScores } = await calibrateCandidate(candidate, work, split);
  progress.stage("export", { done: 0, message: "writing inspector.onnx" });
  const model = exportInspector(candidate, scale);
  const { golden, parityMaxAbs } = await validate(candidate, { ...work, scale, model });
  await setImmediate(); // lets a cancel message in: the last moment before there is a bundle
  signal.throwIfAborted();
  const images = normals.count;
  const dataSet = {
    hash: normals.hash,
    images,
    trained: split.train.length,
    heldOut: split.heldOut.length,
  };
  const trainSeconds = progress.elapsedS;
  const facts = { parityMaxAbs, heldOutRawScores: rawScores, trainSeconds };
  const bundleDir = await addBundle({
    job,
    teacher: teacher.manifest,
    model,
    heads: candidate.method.weights,
    calibration,
    golden,
    report: { dataSet, cleaning: normals.words, ...learned, ...facts },
  });
  const { threshold, falseRejectRate } = calibration;
  return { bundleId: job.id, bundleDir, threshold, parityMaxAbs, trainSeconds, images, falseRejectRate };
}

/** What caches and checkpoints depend on: not on the limits of the process, nor on how the threshold is found afterwards. */
function workKey({ training, inputSize }: TrainingJob, pictures: string, teacher: string): string {
  const { method, heldOutShare, texturesDir, seed } = training;
  return keyOf(pictures, teacher, inputSize, { method, heldOutShare, texturesDir, seed });
}

async function learnToAmplify(work: Work, training: MethodTraining, split: Split, normals: FeatureFile) {
  const synthetic = await synthesize(
    work,
    trainingOrder(split.train, work.method.amplify?.images ?? 0),
    normals,
  );
  try {
    return await amplify({ ...work, training, synthetic });
  } finally {
    await synthetic.close();
  }
}

/** Both stages on cached teacher features. */
async function learn(work: Work, training: MethodTraining, split: Split) {
  const features = await normalFeatures(work);
  try {
    await training.prepare(batchesOf(features, split.train));
    const amplifyLoss = training.amplify && (await learnToAmplify(work, training, split, features));
    const trust = await training.measureTrust(batchesOf(features, split.heldOut));
    const stage = training.beginDistill();
    const distillLoss = await distill({ ...work, stage, features, train: split.train });
    const settled = await settle({ ...work, training, split, features });
    return { amplifyLoss, trust, distillLoss, settled };
  } finally {
    await features.close();
  }
}
