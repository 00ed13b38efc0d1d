import { STAGES, type JobProgress, type Stage } from "../domain/job.ts";

/**
 * Share of a whole job's time that each stage is expected to take; only the pace of the bar depends on it. Measured on the
 * default teacher with 2 CPU cores.
 */
const SHARES: Readonly<Record<Stage, number>> = {
  clean: 0.02,
  features: 0.03,
  synthesize: 0.12,
  amplify: 0.26,
  distill: 0.48,
  settle: 0.02,
  calibrate: 0.02,
  export: 0.01,
  validate: 0.02,
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

/** Turns a stage's own progress into that of the whole job, with the time left reckoned from the time spent. */
export class ProgressReporter {
  readonly #report: (progress: JobProgress) => void;
  readonly #monotonicMs: () => number;
  readonly #start: number;

  constructor(report: (progress: JobProgress) => void, monotonicMs: () => number) {
    this.#report = report;
    this.#monotonicMs = monotonicMs;
    this.#start = monotonicMs();
  }

  /** Seconds since the job began. */
  get elapsedS(): number {
    return (this.#monotonicMs() - this.#start) / 1000;
  }

  stage(stage: Stage, step: StepReport): void {
    const before = STAGES.slice(0, STAGES.indexOf(stage)).reduce((sum, name) => sum + SHARES[name], 0);
    const progress = Math.min(1, before + SHARES[stage] * step.done);
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
