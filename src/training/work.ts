import type { Method } from "../methods/method.ts";
import type { Normals } from "./normals.ts";
import type { ProgressReporter } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import type { TeacherSession } from "./teacher-features.ts";

/** What every stage of a job needs. */
export interface Work {
  readonly job: TrainingJob;
  /** Names everything that is kept in the job folder: a hash of pictures, teacher, size and settings. */
  readonly key: string;
  readonly progress: ProgressReporter;
  readonly signal: AbortSignal;
  readonly normals: Normals;
  readonly session: TeacherSession;
  readonly method: Method;
}

/** What is needed once a candidate is there: to calibrate, export and validate it. */
export type Finishing = Pick<Work, "job" | "progress" | "signal" | "normals">;
