import { rm } from "node:fs/promises";
import { TrainingError, InputError } from "../domain/errors.ts";
import type { JobProgress, JobResult, JobState } from "../domain/job.ts";
import { Child, type ChildExit } from "../system/children.ts";
import type { TrainingJob, TrainingReport, TrainingRequest } from "./protocol.ts";

export interface JobStatus {
  readonly job: TrainingJob;
  readonly state: JobState;
  readonly progress: JobProgress | null;
  readonly result: JobResult | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface TrainingSupervisorOptions {
  /** Entry of the training process; tests give a fake. */
  readonly entry: URL;
  readonly now: () => number;
  /** Every change of a job: progress, end. */
  readonly onChange: (status: JobStatus) => void;
}

/** A process that dies without a word is started again from its checkpoint this often. */
const RESUMES = 1;
const CANCEL_GRACE_MS = 5000;

/** Runs one training job at a time in a process of its own. The active bundle is never touched here. */
export class TrainingSupervisor {
  readonly #options: TrainingSupervisorOptions;
  #status: JobStatus | null = null;
  #child: Child<TrainingRequest, TrainingReport> | null = null;
  #finished: Promise<JobStatus> = Promise.reject(new Error("no job yet"));
  #resumesLeft = RESUMES;

  constructor(options: TrainingSupervisorOptions) {
    this.#options = options;
    this.#finished.catch(() => undefined);
  }

  get status(): JobStatus | null {
    return this.#status;
  }

  get running(): boolean {
    return this.#status?.state === "running";
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Settles when the current job has ended, in whatever way. */
  get finished(): Promise<JobStatus> {
    return this.#finished;
  }

  /** @throws InputError `job-running` while another job runs. */
  start(job: TrainingJob): JobStatus {
    if (this.running) {
      throw new InputError(
        "job-running",
        `job ${this.#status?.job.id ?? ""} is still training; wait for it or send cmd/train.cancel first`,
      );
    }
    this.#resumesLeft = RESUMES;
    const status: JobStatus = {
      job,
      state: "running",
      progress: null,
      result: null,
      error: null,
      startedAt: this.#options.now(),
      endedAt: null,
    };
    this.#finished = new Promise((resolve) => {
      this.#launch(job, resolve);
    });
    this.#change(status);
    return status;
  }

  /** Asks the job to end at its next step; kills it if it does not. */
  cancel(): void {
    const child = this.#child;
    if (!this.running || !child) throw new InputError("no-job", "no training job is running, so there is nothing to cancel");
    child.send({ type: "cancel" });
    setTimeout(() => {
      if (this.#child === child) this.#end({ state: "canceled", error: null });
      child.kill();
    }, CANCEL_GRACE_MS).unref();
  }

  async stop(): Promise<void> {
    this.#resumesLeft = 0;
    await this.#child?.stop();
  }

  #launch(job: TrainingJob, resolve: (status: JobStatus) => void): void {
    this.#child = new Child<TrainingRequest, TrainingReport>({
      entry: this.#options.entry,
      env: { TF_CPP_MIN_LOG_LEVEL: "2", TF_NUM_INTRAOP_THREADS: String(job.threads), TF_FORCE_GPU_ALLOW_GROWTH: "true" },
      onMessage: (report) => {
        this.#take(report);
      },
      onExit: (exit) => {
        this.#child = null;
        if (!this.#afterExit(job, exit, resolve) && this.#status) resolve(this.#status);
      },
    });
    this.#child.send({ type: "start", job });
  }

  /** True if the job goes on in a new process. */
  #afterExit(job: TrainingJob, exit: ChildExit, resolve: (status: JobStatus) => void): boolean {
    if (!this.running) return false;
    if (this.#resumesLeft > 0) {
      this.#resumesLeft -= 1;
      this.#launch(job, resolve);
      return true;
    }
    this.#end({ state: "failed", error: deathOf(exit, job) });
    return false;
  }

  #take(report: TrainingReport): void {
    switch (report.type) {
      case "progress":
        if (this.#status && this.running) this.#change({ ...this.#status, progress: report });
        return;
      case "completed":
        this.#end({ state: "completed", result: report.result, error: null });
        return;
      case "canceled":
        this.#end({ state: "canceled", error: null });
        return;
      case "failed":
        this.#end({ state: "failed", error: { code: report.code, message: report.message } });
    }
  }

  #end(change: Partial<JobStatus> & Pick<JobStatus, "state">): void {
    if (!this.#status || !this.running) return;
    this.#change({ ...this.#status, ...change, endedAt: this.#options.now() });
    if (change.state !== "failed") void rm(this.#status.job.jobDir, { recursive: true, force: true });
  }

  #change(status: JobStatus): void {
    this.#status = status;
    this.#options.onChange(status);
  }
}

function deathOf(exit: ChildExit, job: TrainingJob): { code: string; message: string } {
  const how = exit.signal ?? `exit code ${exit.code ?? "unknown"}`;
  const error = new TrainingError(
    "trainer-died",
    `the training process ended by itself (${how}). If the machine was short of memory, lower training.method.*.batch or raise ` +
      `training.memoryLimitMb (now ${job.memoryLimitMb}); the checkpoint in ${job.jobDir} is kept and the next train.start goes on from it`,
  );
  return { code: error.code, message: error.message };
}
