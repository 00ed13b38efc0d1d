import type { StageBatch, TrainableStage } from "../methods/method.ts";
import { CheckpointFile } from "./checkpoint.ts";
import type { FeatureFile } from "./feature-file.ts";
import { batchOf } from "./split.ts";
import { featureTensors } from "./tensors.ts";
import { trainStage, type LossCurve } from "./train-stage.ts";
import type { Work } from "./work.ts";

/** Stage 2: the student learns what the (amplified) teacher says of normal parts, and only of them. */
export async function distill(
  work: Work & {
    readonly stage: TrainableStage | null;
    readonly features: FeatureFile;
    readonly train: readonly number[];
  },
): Promise<LossCurve | null> {
  const { job, method, features, train, stage } = work;
  const plan = method.distill;
  if (!stage || !plan) return null;
  const batchAt = async (step: number): Promise<StageBatch> => {
    const picks = batchOf(train.length, plan.batch, step, job.training.seed);
    const records = await features.read(picks.map((pick) => train[pick]!));
    return { features: featureTensors(records, features.shapes), pictures: null, mask: null, foreground: null };
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
