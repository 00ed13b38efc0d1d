import type { Teacher } from "../backbones/teacher-store.ts";
import type { OneMethodConfig } from "../config/method-schema.ts";
import type { Level, Method } from "../methods/method.ts";
import type { View } from "../preprocess/view.ts";
import type { FeatureFile } from "./feature-file.ts";
import type { Normals } from "./normals.ts";
import type { Progress } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import type { JobSplit } from "./products.ts";
import type { Samples } from "./samples.ts";
import type { TeacherSession } from "./teacher-features.ts";

/** What every model of a job is made from. */
export interface Material {
  readonly job: TrainingJob;
  /** Names everything that is kept in the job folder: a hash of pictures, teacher, size and settings. */
  readonly key: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly normals: Normals;
  /** Of the normals; see also `samples`. */
  readonly split: JobSplit;
  readonly view: View;
  /** What is learned from: the normals, prepared for the model. */
  readonly samples: Samples;
  readonly teacher: Teacher;
  /** Teacher levels that are used, finest first; `session` and `features` give these and no others. */
  readonly levels: readonly Level[];
  readonly session: TeacherSession;
  /** Of all samples. */
  readonly features: FeatureFile;
}

/** What is needed once a candidate is there: to calibrate, export and validate it, and to make it a bundle. */
export type Finishing = Pick<Material, "job" | "progress" | "signal" | "normals" | "split" | "teacher">;

/** What every stage of one model needs: the material, of the levels that its method uses. */
export interface Work extends Material {
  readonly method: Method;
  readonly methodConfig: OneMethodConfig;
}
