import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { statePaths } from "../../config/paths.ts";
import type { Config } from "../../config/schema.ts";
import { TrainingError } from "../../domain/errors.ts";
import type { JobResult, Stage } from "../../domain/job.ts";
import { writePng } from "../../imaging/write-picture.ts";
import { renderPart } from "../../simulator/product.ts";
import { createJob } from "../../training/job.ts";
import { TrainingSupervisor } from "../../training/supervisor.ts";
import type { TerminalView } from "../terminal-view.ts";
import { median, type BenchFigures } from "./figures.ts";
import { memoryOf } from "./memory.ts";

const TRAINING_ENTRY = new URL("../../training/process.ts", import.meta.url);
const NORMALS = 80;
const SAMPLE_EVERY_MS = 250;

export interface Trained {
  readonly result: JobResult;
  readonly figures: Pick<BenchFigures, "amplifyStepMs" | "distillStepMs" | "trainingPeakMb">;
}

/**
 * Trains a model from rendered parts in the configuration's state folder, by the real training process, and times its
 * steps: the time from one step's report to the next, reading of features and checkpoints included.
 * @throws TrainingError, ModelError as the job says
 */
export async function trainForBench(config: Config, recipe: string, view: TerminalView): Promise<Trained> {
  const normalsDir = join(statePaths(config.station.stateDir).datasets, recipe);
  await renderNormals(normalsDir, config.station.inputSize);
  const job = createJob(config, { recipe, normalsDir, parent: null, now: new Date() });
  const steps = new StepTimes();
  let trainingPeakMb: number | null = null;
  const supervisor = new TrainingSupervisor({
    entry: TRAINING_ENTRY,
    now: Date.now,
    onChange: ({ state, progress }) => {
      if (state !== "running" || !progress) return;
      steps.note(progress.stage, performance.now());
      view.job(progress);
    },
  });
  const sampler = setInterval(() => {
    trainingPeakMb = memoryOf(supervisor.pid ?? 0)?.peakMb ?? trainingPeakMb;
  }, SAMPLE_EVERY_MS);
  try {
    supervisor.start(job);
    const { result, error } = await supervisor.finished;
    if (!result)
      throw new TrainingError(error?.code ?? "canceled", error?.message ?? "the training was stopped");
    const figures = {
      amplifyStepMs: steps.medianMs("amplify"),
      distillStepMs: steps.medianMs("distill"),
      trainingPeakMb,
    };
    return { result, figures };
  } finally {
    clearInterval(sampler);
    await supervisor.stop();
  }
}

async function renderNormals(dir: string, inputSize: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  const size = { width: inputSize, height: inputSize };
  for (let index = 0; index < NORMALS; index += 1) {
    const { data } = renderPart({ index, seed: 1, size, content: "normal", defectShare: 0 });
    await writePng(join(dir, `${String(index).padStart(4, "0")}.png`), data, size);
  }
}

/** When each stage reported its steps. */
class StepTimes {
  readonly #times = new Map<Stage, number[]>();

  note(stage: Stage, atMs: number): void {
    const times = this.#times.get(stage) ?? [];
    times.push(atMs);
    this.#times.set(stage, times);
  }

  /** Median time between two steps; the first fifth warms up. Null with fewer than three steps. */
  medianMs(stage: Stage): number | null {
    const times = this.#times.get(stage) ?? [];
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
    const warm = gaps.slice(Math.ceil(gaps.length / 5));
    return warm.length < 2 ? null : median(warm);
  }
}
