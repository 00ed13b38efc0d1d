import { setImmediate } from "node:timers/promises";
import { teacherNetwork } from "../backbones/backbone.ts";
import { countCost } from "../graph/cost.ts";
import type { Weights } from "../graph/ops.ts";
import type { MethodTraining } from "../methods/method.ts";
import type { View } from "../preprocess/view.ts";
import { amplify } from "./amplify.ts";
import { calibrateCandidate } from "./calibrate-candidate.ts";
import type { Calibration } from "./calibrate.ts";
import type { RecipeCalibration } from "./common-scale.ts";
import { distill } from "./distill.ts";
import { exportInspector, inspectorOf, RAW, type Candidate } from "./inspector-export.ts";
import { batchesOf } from "./normal-features.ts";
import { heldOutNormals, settle } from "./settle.ts";
import { synthesize, trainingOrder } from "./synthetic-set.ts";
import { tellerOf } from "./tell.ts";
import { validate, type GoldenFrame } from "./validate.ts";
import type { Finishing, Work } from "./work.ts";

/** A finished model, before it is a bundle. */
export interface Model {
  /** Name and settings, for the manifest. */
  readonly method: { readonly name: string };
  /** `inspector.onnx` */
  readonly inspector: Uint8Array;
  /** The trained weights, to continue from. */
  readonly heads: Weights;
  readonly view: View;
  readonly calibration: Calibration;
  /** Of the other products of the job. */
  readonly alsoFor: readonly RecipeCalibration[];
  /** Of the held-out normals, uncalibrated, in the order of `Split.heldOut`. */
  readonly rawScores: readonly number[];
  readonly golden: readonly GoldenFrame[];
  readonly parityMaxAbs: number;
  /** Of one run of the whole inspector, teacher included. */
  readonly cost: { readonly macs: number; readonly parameters: number };
  /** What was learned, for people. */
  readonly learned: Readonly<Record<string, unknown>>;
}

/**
 * synthesize → amplify → distill → settle → calibrate → export → validate, leaving out what the method has no use for.
 * @throws TrainingError `nan-loss`, `calibration`, `parity`; the signal's reason when cancelled
 */
export async function makeModel(work: Work): Promise<Model> {
  const { job, teacher, levels, method, methodConfig } = work;
  const tell = tellerOf(work);
  const training = method.begin({ levels, mapSize: job.inputSize, seed: job.training.seed, tell });
  try {
    const learned = await learn(work, training);
    const candidate: Candidate = {
      size: job.inputSize,
      teacher: { network: teacherNetwork(teacher.backbone), weights: teacher.weights },
      levels,
      method: training.trained(),
      looksAtPictures: method.looksAtPictures,
      view: work.view,
    };
    return await finishModel(work, candidate, { method: methodConfig, learned });
  } finally {
    training.dispose();
  }
}

/** From a trained candidate to a model: calibrate → export → validate. */
export async function finishModel(
  work: Finishing,
  candidate: Candidate,
  about: Pick<Model, "method" | "learned">,
): Promise<Model> {
  const { progress, signal } = work;
  const { scale, ...calibrated } = await calibrateCandidate(candidate, work);
  progress.stage("export", { done: 0, message: "writing inspector.onnx" });
  const inspector = exportInspector(candidate, scale);
  const { golden, parityMaxAbs } = await validate(candidate, { ...work, scale, model: inspector });
  await setImmediate(); // lets a cancel message in: the last moment before there is a model
  signal.throwIfAborted();
  const { view } = candidate;
  const heads = candidate.method.weights;
  const cost = costOf(candidate);
  return { ...about, inspector, heads, view, ...calibrated, golden, parityMaxAbs, cost };
}

function costOf(candidate: Candidate): Model["cost"] {
  const { width: w, height: h } = candidate.size;
  const { macs, parameters } = countCost(inspectorOf(candidate, RAW).network, [{ c: 3, h, w }]);
  return { macs, parameters };
}

/** All that the method learns, on cached teacher features. */
async function learn(work: Work, training: MethodTraining) {
  const { features } = work;
  const { split } = work.samples;
  await training.prepare(batchesOf(features, split.train, tellerOf(work)));
  const amplifyLoss = training.amplify && (await learnToAmplify(work, training));
  const trust = await training.measureTrust(heldOutNormals(work));
  const distillLoss = await distill({ ...work, stage: training.beginDistill() });
  const settled = await settle(work, training);
  return { amplifyLoss, trust, distillLoss, settled };
}

async function learnToAmplify(work: Work, training: MethodTraining) {
  const { images = 0, wide = null } = work.method.amplify ?? {};
  const trained = work.samples.split.products.map(({ train }) => train);
  const synthetic = await synthesize(work, trainingOrder(trained, { images, wide: wide?.images ?? 0 }));
  try {
    return await amplify({ ...work, training, synthetic });
  } finally {
    await synthetic.close();
  }
}
