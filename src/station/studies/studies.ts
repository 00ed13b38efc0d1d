import { AssaydError, InputError, messageOf } from "../../domain/errors.ts";
import type { Inspection } from "../../domain/inspection.ts";
import type { JobState } from "../../domain/job.ts";
import { runChallenge, type ChallengePicture, type ChallengeResult } from "./challenge.ts";
import { runGauge, type GaugeResult } from "./gauge.ts";

/** How a study stands. */
export interface StudyStatus {
  readonly id: string;
  readonly type: "gauge" | "challenge";
  readonly camera: string;
  readonly by: string;
  readonly state: JobState;
  /** 0..1 */
  readonly progress: number;
  readonly message: string;
  readonly gauge: GaugeResult | null;
  readonly challenge: ChallengeResult | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms. */
  readonly endedAt: number | null;
}

export interface StudiesOptions<P extends ChallengePicture> {
  /** Triggers one part. */
  readonly inspect: (camera: string) => Promise<Inspection>;
  /** Pictures labelled bad that a camera's recipe must catch. */
  readonly challengePictures: (camera: string) => Promise<readonly P[]>;
  readonly judge: (
    camera: string,
    picture: P,
  ) => Promise<{ readonly score: number; readonly threshold: number }>;
  /** Progress and end. */
  readonly onChange: (status: StudyStatus) => void;
  readonly newId: () => string;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Repeatability and challenge runs, one at a time, beside the inspection. */
export class Studies<P extends ChallengePicture = ChallengePicture> {
  readonly #options: StudiesOptions<P>;
  #running: { readonly id: string; readonly abort: AbortController } | null = null;
  #finished: Promise<void> = Promise.resolve();

  constructor(options: StudiesOptions<P>) {
    this.#options = options;
  }

  /** Settles when the last study has ended. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** @returns the job's id @throws InputError `job-running` */
  startGauge(camera: string, repeats: number, by: string): string {
    return this.#begin("gauge", camera, by, async (tell, signal) => {
      const onProgress = (done: number): void => {
        tell(done / repeats, `repeat ${done}/${repeats}`);
      };
      const inspect = (): Promise<Inspection> => this.#options.inspect(camera);
      const gauge = await runGauge({ repeats, inspect, onProgress, signal });
      return {
        gauge,
        message: `sigma ${gauge.sigma.toPrecision(3)}, guard band ±${gauge.guardBand.toPrecision(3)}`,
      };
    });
  }

  /** @returns the job's id @throws InputError `job-running`, `no-challenge` if nothing is labelled bad */
  async startChallenge(camera: string, by: string): Promise<string> {
    this.#assertIdle();
    const pictures = await this.#options.challengePictures(camera);
    if (pictures.length === 0) {
      throw new InputError(
        "no-challenge",
        `No picture of ${camera}'s recipe is labelled bad yet. Label missed defects with cmd/label.set.`,
      );
    }
    return this.#begin("challenge", camera, by, async (tell, signal) => {
      const onProgress = (done: number): void => {
        tell(done / pictures.length, `picture ${done}/${pictures.length}`);
      };
      const judge = (picture: P) => this.#options.judge(camera, picture);
      const challenge = await runChallenge({ pictures, judge, onProgress, signal });
      return { challenge, message: `${challenge.caught} of ${challenge.total} caught` };
    });
  }

  /** @returns false if no such study runs */
  cancel(id: string): boolean {
    if (this.#running?.id !== id) return false;
    this.#running.abort.abort(new InputError("canceled", "canceled by a command"));
    return true;
  }

  async stop(): Promise<void> {
    this.#running?.abort.abort(new InputError("canceled", "the station stops"));
    await this.#finished;
  }

  #assertIdle(): void {
    if (this.#running === null) return;
    throw new InputError(
      "job-running",
      `Study ${this.#running.id} is running; wait for it, or send cmd/train.cancel with its id.`,
    );
  }

  #begin(
    type: StudyStatus["type"],
    camera: string,
    by: string,
    work: (
      tell: (progress: number, message: string) => void,
      signal: AbortSignal,
    ) => Promise<Pick<StudyStatus, "message"> & Partial<Pick<StudyStatus, "gauge" | "challenge">>>,
  ): string {
    this.#assertIdle();
    const { newId, now, onChange } = this.#options;
    const id = `${type}-${newId()}`;
    const abort = new AbortController();
    this.#running = { id, abort };
    const times = { startedAt: now(), endedAt: null };
    const none = { gauge: null, challenge: null, error: null, progress: 0, message: "starting" };
    let status: StudyStatus = { id, type, camera, by, state: "running", ...none, ...times };
    const change = (changes: Partial<StudyStatus>): void => {
      status = { ...status, ...changes };
      onChange(status);
    };
    change({});
    const tell = (progress: number, message: string): void => {
      change({ progress, message });
    };
    this.#finished = work(tell, abort.signal).then(
      (result) => {
        this.#running = null;
        change({ ...result, state: "completed", progress: 1, endedAt: now() });
      },
      (error: unknown) => {
        this.#running = null;
        const code = error instanceof AssaydError ? error.code : "internal";
        const reason = { code, message: messageOf(error) };
        change({
          state: abort.signal.aborted ? "canceled" : "failed",
          error: reason,
          message: reason.message,
          endedAt: now(),
        });
      },
    );
    return id;
  }
}
