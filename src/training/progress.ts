import { STAGES, type JobProgress, type Stage } from "../domain/job.ts";

/**
 * Share of a whole job's time that each stage is expected to take; only the pace of the bar depends on it. Measured on the
 * default teacher with 2 CPU cores.
 */
const SHARES: Readonly<Record<Stage, number>> = {
  clean: 0.02,
  features: 0.03,
  instant: 0.05,
  synthesize: 0.12,
  amplify: 0.26,
  distill: 0.48,
  settle: 0.02,
  calibrate: 0.02,
  export: 0.01,
  validate: 0.02,
  choose: 0.03,
  promote: 0.02,
};

export interface StepReport {
  /** 0..1 of the stage. */
  readonly done: number;
  readonly message: string;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly loss?: number;
}

/** Where a job tells how far it is. */
export interface Progress {
  /** Seconds since the job began. */
  readonly elapsedS: number;
  stage(stage: Stage, step: StepReport): void;
}

/** Turns a stage's own progress into that of the whole job, with the time left reckoned from the time spent. */
export class ProgressReporter implements Progress {
  readonly #report: (progress: JobProgress) => void;
  readonly #monotonicMs: () => number;
  readonly #start: number;
  readonly #stages: readonly Stage[];

  /** @param stages those that the job has, in order */
  constructor(
    report: (progress: JobProgress) => void,
    monotonicMs: () => number,
    stages: readonly Stage[] = STAGES,
  ) {
    this.#report = report;
    this.#monotonicMs = monotonicMs;
    this.#start = monotonicMs();
    this.#stages = stages;
  }

  get elapsedS(): number {
    return (this.#monotonicMs() - this.#start) / 1000;
  }

  stage(stage: Stage, step: StepReport): void {
    const shareOf = (stages: readonly Stage[]): number => stages.reduce((sum, name) => sum + SHARES[name], 0);
    const before = shareOf(this.#stages.slice(0, this.#stages.indexOf(stage)));
    const progress = Math.min(1, (before + SHARES[stage] * step.done) / shareOf(this.#stages));
    this.#report({
      stage,
      progress,
      etaS: progress < 0.03 ? null : Math.round((this.elapsedS / progress) * (1 - progress)),
      message: step.message,
      epoch: step.epoch ?? null,
      epochs: step.epochs ?? null,
      loss: step.loss ?? null,
    });
  }
}
