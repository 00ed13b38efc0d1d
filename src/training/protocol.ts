import type { JobProgress, JobResult } from "../domain/job.ts";
import type { Size } from "../domain/inspection.ts";
import type { TrainingConfig } from "../config/schema.ts";

/** Messages between the main process and one training process. A process lives for one job. */

/** One product of a job. */
export interface NormalsSource {
  readonly recipe: string;
  /** Folder of normal pictures (any size and format that imaging/ reads). */
  readonly normalsDir: string;
  /** The recipe's active bundle, or null. */
  readonly parent: string | null;
}

/** A model that was trained elsewhere, by the published PyTorch code. */
export interface PublishedSource {
  /** Checkpoint files, see torch-import/checkpoint.ts. */
  readonly files: readonly string[];
  /** Id of the teacher; null: named as the backbone that the checkpoint was made for. */
  readonly teacher: string | null;
}

/** The job's own recipe is the first product; what comes out of it bears its name. */
export interface TrainingJob extends NormalsSource {
  readonly id: string;
  /** Checkpoints, caches and the unfinished bundle live here; removed after success. */
  readonly jobDir: string;
  /** More products that the same bundle is to serve, each with its own threshold. */
  readonly alsoFor: readonly NormalsSource[];
  /** Folder of the teacher (`teacher.onnx`, `manifest.json`). */
  readonly teacherDir: string;
  /** `<state>/bundles`: the finished bundle is added here; promotion is the main process's. */
  readonly bundlesDir: string;
  /** Of the model. */
  readonly inputSize: Size;
  /** Of the pictures; other than `inputSize` if they are cut into tiles. */
  readonly pictureSize: Size;
  readonly training: TrainingConfig;
  /** DTD-like folder of textures, or null for procedural ones. */
  readonly texturesDir: string | null;
  /** CPU threads for ONNX Runtime and TensorFlow. */
  readonly threads: number;
  /** Niceness of the process, 0..19. */
  readonly nice: number;
  readonly memoryLimitMb: number;
  /** The job takes this model, its threshold from the normals, instead of training one. */
  readonly published?: PublishedSource;
}

/** All products of a job, its own recipe first. */
export function productsOf(job: TrainingJob): readonly NormalsSource[] {
  return [job, ...job.alsoFor];
}

export type TrainingRequest =
  { readonly type: "start"; readonly job: TrainingJob } | { readonly type: "cancel" };

export type TrainingReport =
  | ({ readonly type: "progress" } & JobProgress)
  | { readonly type: "instant"; readonly result: JobResult }
  | { readonly type: "completed"; readonly result: JobResult }
  | { readonly type: "canceled" }
  | ({ readonly type: "failed" } & JobFailure);

/** Why a job gave no model. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
  /** It is what a person handed in: pictures, files, settings. */
  readonly isInput?: boolean;
}
