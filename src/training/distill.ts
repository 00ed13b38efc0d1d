import type { StageBatch, TrainableStage } from "../methods/method.ts";
import { featureTensors } from "../methods/shared/feature-tensors.ts";
import { CheckpointFile } from "./checkpoint.ts";
import { mixedBatchOf } from "./products.ts";
import { sampleTensor } from "./tensors.ts";
import { trainStage, type LossCurve } from "./train-stage.ts";
import type { Work } from "./work.ts";

/** Stage 2: the student learns what the (amplified) teacher says of normal parts, and only of them. */
export async function distill(
  work: Work & { readonly stage: TrainableStage | null },
): Promise<LossCurve | null> {
  const { job, method, samples, features, stage } = work;
  const { train, products } = samples.split;
  const pools = products.map((product) => product.train);
  const plan = method.distill;
  if (!stage || !plan) return null;
  const batchAt = async (step: number): Promise<StageBatch> => {
    const indices = mixedBatchOf(pools, plan.batch, step, job.training.seed);
    const pictures = method.looksAtPictures
      ? await Promise.all(indices.map((index) => samples.read(index)))
      : null;
    return {
      features: featureTensors(features.shapes, await features.read(indices)),
      pictures: pictures && sampleTensor(pictures, job.inputSize, work.view.preprocess.light),
      mask: null,
      foreground: null,
      wide: 0,
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
