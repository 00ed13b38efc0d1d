import type { StageBatch, TrainableStage } from "../methods/method.ts";
import { CheckpointFile } from "./checkpoint.ts";
import { batchOf } from "./split.ts";
import { featureTensors, pictureTensor } from "./tensors.ts";
import { trainStage, type LossCurve } from "./train-stage.ts";
import type { Work } from "./work.ts";

/** Stage 2: the student learns what the (amplified) teacher says of normal parts, and only of them. */
export async function distill(
  work: Work & { readonly stage: TrainableStage | null },
): Promise<LossCurve | null> {
  const { job, method, normals, features, stage } = work;
  const { train } = work.split;
  const plan = method.distill;
  if (!stage || !plan) return null;
  const batchAt = async (step: number): Promise<StageBatch> => {
    const indices = batchOf(train.length, plan.batch, step, job.training.seed).map((pick) => train[pick]!);
    const pictures = method.looksAtPictures
      ? await Promise.all(indices.map((index) => normals.pictures.read(index)))
      : null;
    return {
      features: featureTensors(await features.read(indices), features.shapes),
      pictures: pictures && pictureTensor(pictures, job.inputSize),
      mask: null,
      foreground: null,
    };
  };
  return trainStage({
    name: "distill",
    stage,
    ...plan,
    stepsPerEpoch: Math.ceil(train.length / plan.batch),
    batchAt,
    checkpoint: new CheckpointFile(job.jobDir, "distill", work.key),
    progress: work.progress,
    signal: work.signal,
  });
}
