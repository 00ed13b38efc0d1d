import type { AmplifyPlan, MethodTraining, StageBatch } from "../methods/method.ts";
import { featureTensors } from "../methods/shared/feature-tensors.ts";
import { CheckpointFile } from "./checkpoint.ts";
import { batchOf } from "./split.ts";
import type { SyntheticSet } from "./synthetic-set.ts";
import { foregroundTensor, maskTensor, sampleTensor } from "./tensors.ts";
import { trainStage, type LossCurve } from "./train-stage.ts";
import type { Work } from "./work.ts";

/** Stage 1: the amplifier learns to tell synthetic anomalies from normal places, on cached features. */
export async function amplify(
  work: Work & { readonly training: MethodTraining; readonly synthetic: SyntheticSet },
): Promise<LossCurve | null> {
  const { job, method, training, synthetic } = work;
  const stage = training.amplify;
  const plan = method.amplify;
  if (!stage || !plan) return null;
  const size = job.inputSize;
  const batchAt = async (step: number): Promise<StageBatch> => {
    const indices = batchIndices(plan, step, job.training.seed);
    const spoiled = await Promise.all(indices.map((index) => synthetic.read(index)));
    const records = await synthetic.features.read(indices);
    return {
      features: featureTensors(synthetic.features.shapes, records),
      pictures: method.looksAtPictures
        ? sampleTensor(
            spoiled.map(({ image }) => image),
            size,
            work.view.preprocess.light,
          )
        : null,
      mask: maskTensor(
        spoiled.map(({ mask }) => mask),
        size,
      ),
      foreground: foregroundTensor(
        indices.map((index) => synthetic.foreground(index)),
        size,
      ),
      wide: plan.wide?.batch ?? 0,
    };
  };
  return trainStage({
    name: "amplify",
    stage,
    ...plan,
    stepsPerEpoch: Math.ceil(plan.images / plan.batch),
    batchAt,
    checkpoint: new CheckpointFile(job.jobDir, "amplify", work.key),
    progress: work.progress,
    signal: work.signal,
  });
}

/** Of the synthetic set: small anomalies, then wide ones, each kind in its own order. */
function batchIndices({ images, batch, wide }: AmplifyPlan, step: number, seed: number): number[] {
  const small = batchOf(images, batch, step, seed);
  if (!wide) return small;
  return [...small, ...batchOf(wide.images, wide.batch, step, seed).map((index) => images + index)];
}
