import { rm } from "node:fs/promises";
import { InputError } from "../domain/errors.ts";
import type { JobProgress, JobResult, JobState } from "../domain/job.ts";
import { Child, type ChildExit } from "../system/children.ts";
import type { JobFailure, TrainingJob, TrainingReport, TrainingRequest } from "./protocol.ts";

export interface JobStatus {
  readonly job: TrainingJob;
  readonly state: JobState;
  readonly progress: JobProgress | null;
  /** A model that may judge until the job is done; it stays among the bundles. */
  readonly instant: JobResult | null;
  readonly result: JobResult | null;
  readonly error: JobFailure | null;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface TrainingSupervisorOptions {
  /** Entry of the training process; tests give a fake. */
  readonly entry: URL;
  readonly now: () => number;
  /** Until a process that should end is killed; default 5000. */
  readonly graceMs?: number;
  /** Every change of a job: progress, end. */
  readonly onChange: (status: JobStatus) => void;
}

/** A process that dies without a word is started again from its checkpoint this often. */
const RESUMES = 1;
const LAST_WORDS = 5;
/** A process that was asked to end, or said that it does, is killed after this. */
const GRACE_MS = 5000;

/** Runs one training job at a time in a process of its own. The active bundle is never touched here. */
export class TrainingSupervisor {
  readonly #options: TrainingSupervisorOptions;
  #status: JobStatus | null = null;
  #child: Child<TrainingRequest, TrainingReport> | null = null;
  #finished: Promise<JobStatus> = Promise.reject(new Error("no job yet"));
  #resumesLeft = RESUMES;
  /** The end of what the process wrote to stderr: TensorFlow's chatter, or why it died. */
  #lastWords: readonly string[] = [];
  /** What the process said of its end, before it is gone. */
  #outcome: Outcome | null = null;
  #wish: "cancel" | "stop" | null = null;

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

  /** @throws InputError `job-running` while a job runs. */
  assertIdle(): void {
    if (!this.running) return;
    throw new InputError(
      "job-running",
      `job ${this.#status?.job.id ?? ""} is still training; wait for it or send cmd/train.cancel first`,
    );
  }

  /** @throws InputError `job-running` while another job runs. */
  start(job: TrainingJob): JobStatus {
    this.assertIdle();
    this.#resumesLeft = RESUMES;
    this.#outcome = null;
    this.#wish = null;
    const status: JobStatus = {
      job,
      state: "running",
      progress: null,
      instant: null,
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
    if (!this.running || !this.#child) {
      throw new InputError("no-job", "no training job is running, so there is nothing to cancel");
    }
    this.#wish = "cancel";
    this.#child.send({ type: "cancel" });
    this.#killAfterGrace(this.#child);
  }

  /** Ends the process at once; a job that was running has failed as `stopped` and keeps its checkpoint. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#wish = "stop";
    await this.#child?.stop();
    await this.#finished;
  }

  #launch(job: TrainingJob, resolve: (status: JobStatus) => void): void {
    const child = new Child<TrainingRequest, TrainingReport>({
      entry: this.#options.entry,
      env: {
        TF_CPP_MIN_LOG_LEVEL: "2",
        TF_NUM_INTRAOP_THREADS: String(job.threads),
        TF_FORCE_GPU_ALLOW_GROWTH: "true",
      },
      onStderr: (line) => {
        this.#lastWords = [...this.#lastWords, line].slice(-LAST_WORDS);
      },
      onMessage: (report) => {
        this.#take(report, child);
      },
      onExit: (exit) => {
        void this.#exited(job, exit, resolve);
      },
    });
    this.#child = child;
    child.send({ type: "start", job });
  }

  #take(report: TrainingReport, child: Child<TrainingRequest, TrainingReport>): void {
    if (report.type === "progress") {
      if (this.#status) this.#change({ ...this.#status, progress: report });
      return;
    }
    if (report.type === "instant") {
      if (this.#status) this.#change({ ...this.#status, instant: report.result });
      return;
    }
    this.#outcome = outcomeOf(report);
    this.#killAfterGrace(child); // it ends by itself now
  }

  /** The job's state changes when its process is gone and its folder is in order, so that the next job may begin at once. */
  async #exited(job: TrainingJob, exit: ChildExit, resolve: (status: JobStatus) => void): Promise<void> {
    this.#child = null;
    if (this.#outcome === null && this.#wish === null && this.#resumesLeft > 0) {
      this.#resumesLeft -= 1;
      this.#launch(job, resolve);
      return;
    }
    const outcome = this.#outcome ?? endOf(this.#wish, exit, job, this.#lastWords);
    if (outcome.state !== "failed") {
      await rm(job.jobDir, { recursive: true, force: true }).catch(() => undefined); // the next job of this recipe clears it
    }
    if (!this.#status) return;
    this.#change({ ...this.#status, ...outcome, endedAt: this.#options.now() });
    resolve(this.#status);
  }

  #killAfterGrace(child: Child<TrainingRequest, TrainingReport>): void {
    setTimeout(() => {
      child.kill();
    }, this.#options.graceMs ?? GRACE_MS).unref();
  }

  #change(status: JobStatus): void {
    this.#status = status;
    this.#options.onChange(status);
  }
}

type Outcome = Pick<JobStatus, "state" | "result" | "error">;

function outcomeOf(report: Exclude<TrainingReport, { type: "progress" | "instant" }>): Outcome {
  switch (report.type) {
    case "completed":
      return { state: "completed", result: report.result, error: null };
    case "canceled":
      return { state: "canceled", result: null, error: null };
    case "failed":
      return { state: "failed", result: null, error: failureOf(report) };
  }
}

function failureOf({ code, message, isInput = false }: JobFailure): JobFailure {
  return { code, message, isInput };
}

/** What became of a job whose process ended without a word. */
function endOf(
  wish: "cancel" | "stop" | null,
  exit: ChildExit,
  job: TrainingJob,
  lastWords: readonly string[],
): Outcome {
  if (wish === "cancel") return { state: "canceled", result: null, error: null };
  const kept = `the checkpoint in ${job.jobDir} is kept and the next train.start goes on from it`;
  if (wish === "stop") {
    const message = `assayd was stopped during the training; ${kept}`;
    return { state: "failed", result: null, error: { code: "stopped", message } };
  }
  const how = exit.signal ?? `exit code ${exit.code ?? "unknown"}`;
  const message =
    `the training process ended by itself (${how}). If the machine was short of memory, lower training.method.*.batch or raise ` +
    `training.memoryLimitMb (now ${job.memoryLimitMb}); ${kept}. Its last words: ${lastWords.join(" | ") || "none"}`;
  return { state: "failed", result: null, error: { code: "trainer-died", message } };
}
