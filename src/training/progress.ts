import { STAGES, type JobProgress, type Stage } from "../domain/job.ts";
import { TimeLeft } from "./time-left.ts";

/**
 * Share of a whole job's time that each stage is expected to take; only the pace of the bar depends on it. Measured on the
 * default teacher with 2 CPU cores.
 */
const SHARES: Readonly<Record<Stage, number>> = {
  clean: 0.01,
  features: 0.01,
  instant: 0.05,
  synthesize: 0.15,
  amplify: 0.34,
  distill: 0.4,
  settle: 0.015,
  calibrate: 0.003,
  export: 0.001,
  validate: 0.006,
  choose: 0.02,
  promote: 0.005,
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
  /** Other words for where the job is: what goes on between two steps. */
  note(message: string): void;
}

/** How much longer than by the default method's settings a stage takes by this job's; 1 where nothing is said. */
export type StageWork = Readonly<Partial<Record<Stage, number>>>;

/** Turns a stage's own progress into that of the whole job, with the time left. */
export class ProgressReporter implements Progress {
  readonly #report: (progress: JobProgress) => void;
  readonly #monotonicMs: () => number;
  readonly #start: number;
  readonly #stages: readonly Stage[];
  /** Of the stages, in order; their sum is 1. */
  readonly #shares: readonly number[];
  readonly #timeLeft = new TimeLeft();
  #last: { readonly stage: Stage; readonly done: number } | null = null;

  /** @param stages those that the job has, in order */
  constructor(
    report: (progress: JobProgress) => void,
    monotonicMs: () => number,
    stages: readonly Stage[] = STAGES,
    work: StageWork = {},
  ) {
    this.#report = report;
    this.#monotonicMs = monotonicMs;
    this.#start = monotonicMs();
    this.#stages = stages;
    const costs = stages.map((stage) => SHARES[stage] * (work[stage] ?? 1));
    this.#shares = costs.map((cost) => cost / sumOf(costs));
  }

  get elapsedS(): number {
    return (this.#monotonicMs() - this.#start) / 1000;
  }

  stage(stage: Stage, { done, message, epoch, epochs, loss }: StepReport): void {
    this.#last = { stage, done };
    const at = this.#stages.indexOf(stage);
    const share = this.#shares[at] ?? 0;
    const laterShare = sumOf(this.#shares.slice(at + 1));
    const leftS = this.#timeLeft.update({ atS: this.elapsedS, stage, done, share, laterShare });
    this.#report({
      stage,
      progress: Math.min(1, sumOf(this.#shares.slice(0, Math.max(at, 0))) + share * done),
      etaS: leftS === null ? null : Math.round(leftS),
      message,
      epoch: epoch ?? null,
      epochs: epochs ?? null,
      loss: loss ?? null,
    });
  }

  note(message: string): void {
    if (this.#last) this.stage(this.#last.stage, { done: this.#last.done, message });
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
