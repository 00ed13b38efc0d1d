import { createHash } from "node:crypto";
import { listLine } from "../imaging/picture-folder.ts";
import { readCleanNormals } from "./clean.ts";
import type { ProgressReporter } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";

/** The good pictures of a job, cleaned and decoded to RGB8 at model size. */
export interface Normals {
  readonly count: number;
  /** Of all pixels, in order: the same hash means the same data set. */
  readonly hash: string;
  /** What was found and left out, in one sentence. */
  readonly words: string;
  readonly pictures: readonly Uint8Array[];
}

/**
 * Reads the job's folder (flat, or MVTec form: then its train/good) and cleans it.
 * @throws InputError if there is no such folder; TrainingError `too-few-normals`
 */
export async function cleanNormals(
  job: TrainingJob,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<Normals> {
  const { normals } = await listLine(job.normalsDir);
  const { kept, report } = await readCleanNormals(
    normals.map(({ file }) => file),
    {
      size: job.inputSize,
      minImages: job.training.minImages,
      signal,
      onProgress: (done, total) => {
        progress.stage("clean", { done: done / total, message: `looking at good part ${done}/${total}` });
      },
    },
  );
  const hash = createHash("sha256");
  for (const { data } of kept) hash.update(data);
  return {
    count: kept.length,
    hash: hash.digest("hex"),
    words: report.words,
    pictures: kept.map(({ data }) => data),
  };
}
