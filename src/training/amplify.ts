import { tf } from "../graph/tf.ts";
import type { MethodTraining, StageBatch } from "../methods/method.ts";
import { CheckpointFile } from "./checkpoint.ts";
import { batchOf } from "./split.ts";
import type { SyntheticSet } from "./synthetic-set.ts";
import { featureTensors } from "./tensors.ts";
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
  const { width, height } = job.inputSize;
  const asTensor = (masks: Float32Array): tf.Tensor4D =>
    tf.tensor4d(masks, [masks.length / (width * height), height, width, 1], "float32");
  const batchAt = async (step: number): Promise<StageBatch> => {
    const indices = batchOf(synthetic.count, plan.batch, step, job.training.seed);
    const foreground = synthetic.foregrounds(indices);
    return {
      features: featureTensors(await synthetic.features.read(indices), synthetic.features.shapes),
      pictures: null,
      mask: asTensor(synthetic.masks(indices)),
      foreground: foreground && asTensor(foreground),
    };
  };
  return trainStage({
    name: "amplify",
    stage,
    ...plan,
    stepsPerEpoch: Math.ceil(synthetic.count / plan.batch),
    batchAt,
    checkpoint: new CheckpointFile(job.jobDir, "amplify", work.key),
    progress: work.progress,
    signal: work.signal,
  });
}
