import { setImmediate } from "node:timers/promises";
import type { Stage } from "../domain/job.ts";
import { createAdam } from "../graph/adam.ts";
import { tf } from "../graph/tf.ts";
import { trainStep } from "../graph/train-step.ts";
import type { StageBatch, StagePlan, TrainableStage } from "../methods/method.ts";
import type { CheckpointFile } from "./checkpoint.ts";
import type { Progress } from "./progress.ts";
import { learningRateAt } from "./schedule.ts";

export interface StageRun {
  readonly name: Extract<Stage, "amplify" | "distill">;
  readonly stage: TrainableStage;
  readonly steps: number;
  readonly learningRate: number;
  readonly schedule?: StagePlan["schedule"] | undefined;
  /** Steps that show every picture once. */
  readonly stepsPerEpoch: number;
  /** The batch of a step; a pure function of the step, so that a resumed job goes on as it would have gone. */
  readonly batchAt: (step: number) => Promise<StageBatch>;
  readonly checkpoint: CheckpointFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const CHECKPOINT_EVERY_MS = 10_000;
/** Weight of the newest loss in the figure that is shown. */
const SMOOTHING = 0.1;

/** The losses of one stage, smoothed, one an epoch (resumed stages: since the resume). */
export type LossCurve = readonly number[];

/**
 * Trains one stage for a fixed number of steps and keeps the last weights: no best-epoch choice, since the only honest data
 * for it would be defects. Resumes from its checkpoint; cancels between steps.
 * @throws TrainingError `nan-loss`; the signal's reason when cancelled
 */
export async function trainStage(run: StageRun): Promise<LossCurve> {
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 }); // AAND official train.py
  const saved = await run.checkpoint.load();
  if (saved) {
    run.stage.variables.assign(saved.weights);
    adam.restore(saved.optimizer);
  }
  const save = async (step: number): Promise<void> =>
    run.checkpoint.save({ step, weights: run.stage.variables.toWeights(), optimizer: adam.state() });
  const curve: number[] = [];
  let shown: number | null = null;
  let savedAt = performance.now();
  try {
    for (let step = saved?.step ?? 0; step < run.steps; step += 1) {
      run.signal.throwIfAborted();
      const loss = await oneStep(run, adam, step);
      shown = shown === null ? loss : shown + SMOOTHING * (loss - shown);
      if ((step + 1) % run.stepsPerEpoch === 0) curve.push(shown);
      reportStep(run, step, shown);
      if (performance.now() - savedAt > CHECKPOINT_EVERY_MS) {
        await save(step + 1);
        savedAt = performance.now();
      }
      await setImmediate(); // lets a cancel message in
    }
    if (saved?.step !== run.steps) await save(run.steps);
  } finally {
    adam.dispose();
  }
  return curve;
}

async function oneStep(run: StageRun, adam: ReturnType<typeof createAdam>, step: number): Promise<number> {
  const batch = await run.batchAt(step);
  try {
    const rate = learningRateAt(step, run);
    return trainStep(run.stage.variables, adam, rate, () => run.stage.loss(batch, step));
  } finally {
    tf.dispose(
      [...batch.features, batch.pictures, batch.mask, batch.foreground].filter((tensor) => tensor !== null),
    );
  }
}

function reportStep(run: StageRun, step: number, loss: number): void {
  const epochs = Math.ceil(run.steps / run.stepsPerEpoch);
  const epoch = Math.floor(step / run.stepsPerEpoch) + 1;
  run.progress.stage(run.name, {
    done: (step + 1) / run.steps,
    message: `epoch ${epoch}/${epochs}, step ${step + 1}/${run.steps}, loss ${loss.toPrecision(3)}`,
    epoch,
    epochs,
    loss,
  });
}
