import type { JobProgress, JobResult } from "../domain/job.ts";
import type { Size } from "../domain/inspection.ts";
import type { TrainingConfig } from "../config/schema.ts";

/** Messages between the main process and one training process. A process lives for one job. */

export interface TrainingJob {
  readonly id: string;
  /** Checkpoints, caches and the unfinished bundle live here; removed after success. */
  readonly jobDir: string;
  /** Folder of normal pictures (any size and format that imaging/ reads). */
  readonly normalsDir: string;
  /** Folder of the teacher (`teacher.onnx`, `manifest.json`). */
  readonly teacherDir: string;
  /** `<state>/bundles`: the finished bundle is added here; promotion is the main process's. */
  readonly bundlesDir: string;
  readonly recipe: string;
  readonly parent: string | null;
  readonly inputSize: Size;
  readonly training: TrainingConfig;
  /** DTD-like folder of textures, or null for procedural ones. */
  readonly texturesDir: string | null;
  /** CPU threads for ONNX Runtime and TensorFlow. */
  readonly threads: number;
  /** Niceness of the process, 0..19. */
  readonly nice: number;
  readonly memoryLimitMb: number;
}

export type TrainingRequest =
  { readonly type: "start"; readonly job: TrainingJob } | { readonly type: "cancel" };

export type TrainingReport =
  | ({ readonly type: "progress" } & JobProgress)
  | { readonly type: "completed"; readonly result: JobResult }
  | { readonly type: "canceled" }
  | { readonly type: "failed"; readonly code: string; readonly message: string };
