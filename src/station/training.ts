import type { Config } from "../config/schema.ts";
import { InputError, messageOf } from "../domain/errors.ts";
import type { JobView } from "../domain/station-view.ts";
import { instantWords, judgesInstantly } from "../training/instant-start.ts";
import { createJob } from "../training/job.ts";
import type { TrainingJob } from "../training/protocol.ts";
import { TrainingSupervisor, type JobStatus } from "../training/supervisor.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { StationModels } from "./models.ts";

export interface StationTrainingOptions {
  readonly config: Config;
  /** Entry of the training process. */
  readonly entry: URL;
  readonly models: StationModels;
  /** Every change of the job; `completed` only once the new model judges. */
  readonly onChange: (status: JobStatus, line: CameraLine, by: string | null) => void;
}

/** Who asked for a job, and the lines that its bundle is to judge; the first one stands for the job. */
interface Wish {
  readonly lines: readonly [CameraLine, ...CameraLine[]];
  /** Theirs when the job began, each once: a line may have another when it ends. */
  readonly recipes: readonly string[];
  readonly by: string | null;
}

/** Training beside the inspection: a job for the recipes of some lines, and the promotion of what comes out of it. */
export class StationTraining {
  readonly #options: StationTrainingOptions;
  readonly #supervisor: TrainingSupervisor;
  #finished: Promise<JobStatus> = Promise.reject(new Error("no job yet"));
  #for: Wish | null = null;
  /** The instant model of the running job, once it was tried, and what became of it in words. */
  #instant: { readonly bundleId: string; readonly words: string } | null = null;

  constructor(options: StationTrainingOptions) {
    this.#options = options;
    this.#finished.catch(() => undefined);
    this.#supervisor = new TrainingSupervisor({
      entry: options.entry,
      now: Date.now,
      onChange: (status) => {
        if (status.instant && this.#for) void this.#useInstant(status.instant.bundleId, this.#for);
        if (status.state !== "completed") this.#tell(status);
      },
    });
  }

  get running(): boolean {
    return this.#supervisor.running;
  }

  /** The running job, for those who show it; null if none runs. */
  get job(): JobView | null {
    const { status } = this.#supervisor;
    if (!this.running || status === null) return null;
    const { stage = null, progress = 0 } = status.progress ?? {};
    return { id: status.job.id, stage, progress: 100 * progress };
  }

  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  /** Settles when the last started job has ended and, if it was completed, its bundle judges. */
  get finished(): Promise<JobStatus> {
    return this.#finished;
  }

  /**
   * Trains one model from the collected normals of these lines.
   * @returns the job's id @throws InputError `job-running`; ConfigError `recipes-differ`
   */
  start(lines: Wish["lines"], by: string | null): string {
    const sourceOf = ({ recipe, collector }: CameraLine) => ({
      recipe,
      normalsDir: collector.folder,
      parent: this.#options.models.active(recipe),
    });
    const recipes = lines.map(({ recipe }) => recipe);
    const alsoFor = lines.filter(({ recipe }, at) => recipes.indexOf(recipe) === at && at > 0).map(sourceOf);
    const job = createJob(this.#options.config, { ...sourceOf(lines[0]), alsoFor, now: new Date() });
    this.#supervisor.assertIdle();
    this.#for = { lines, recipes: [...new Set(recipes)], by };
    this.#instant = null;
    this.#finished = this.#runAndTidy(job, this.#for);
    this.#finished.catch(() => undefined);
    return job.id;
  }

  /** @param jobId the job meant; undefined: the running one @returns its id @throws InputError `no-job` */
  cancel(jobId: string | undefined): string {
    const running = this.running ? this.#supervisor.status?.job.id : undefined;
    if (running === undefined || (jobId !== undefined && jobId !== running)) {
      const meant = jobId === undefined ? "no job" : `job ${jobId}`;
      throw new InputError("no-job", `${meant} is not running; running: ${running ?? "none"}`);
    }
    this.#supervisor.cancel();
    return running;
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  async #runAndTidy(job: TrainingJob, wish: Wish): Promise<JobStatus> {
    const status = await this.#run(job, wish);
    await this.#options.models.pruneInstant();
    return status;
  }

  async #run(job: TrainingJob, { lines: [line], recipes, by }: Wish): Promise<JobStatus> {
    const { models } = this.#options;
    this.#supervisor.start(job);
    const status = await this.#supervisor.finished;
    if (status.state !== "completed" || !status.result) return status;
    try {
      const { bundleId } = status.result; // an instant model that was chosen judges already
      for (const recipe of recipes)
        if (models.active(recipe) !== bundleId) await models.promote(line, bundleId, by, recipe);
      this.#tell(status);
      return status;
    } catch (error) {
      const reason = { code: "promote", message: messageOf(error) };
      const failed: JobStatus = { ...status, state: "failed", result: null, error: reason };
      this.#tell(failed);
      return failed;
    }
  }

  /** Once a job: the instant model judges until the job is done, unless another model does and should go on. */
  async #useInstant(bundleId: string, { lines: [line], recipes, by }: Wish): Promise<void> {
    if (this.#instant?.bundleId === bundleId) return;
    const { models, config } = this.#options;
    this.#instant = { bundleId, words: "" };
    const { instant } = config.training;
    const waiting = recipes.filter((recipe) => judgesInstantly(instant, models.active(recipe))); // a person may have chosen
    if (waiting.length === 0) return;
    try {
      for (const recipe of waiting) await models.promote(line, bundleId, by, recipe);
      this.#instant = { bundleId, words: ` (until then ${bundleId} judges)` };
    } catch (error) {
      this.#instant = { bundleId, words: ` (the instant model cannot be used: ${messageOf(error)})` };
    }
  }

  #tell(status: JobStatus): void {
    if (!this.#for) return;
    const { progress, error, job } = status;
    const words = this.#instant?.words ?? "";
    const told = progress && { ...progress, message: progress.message + words };
    const judges = instantWords(status, this.#options.models.active(job.recipe));
    const failed = error && { ...error, message: error.message + judges };
    this.#options.onChange({ ...status, progress: told, error: failed }, this.#for.lines[0], this.#for.by);
  }
}
