import { createHash } from "node:crypto";
import { join } from "node:path";
import { listLine } from "../imaging/picture-folder.ts";
import { cleanNormals, Sieve } from "./clean.ts";
import type { ProgressReporter } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import { RecordFile } from "./record-file.ts";

/** The good pictures of a job, cleaned and decoded to RGB8 at model size; on disk, since there may be thousands. */
export interface Normals {
  readonly count: number;
  /** Of all pixels, in order: the same hash means the same data set. */
  readonly hash: string;
  /** What was found and left out, in one sentence. */
  readonly words: string;
  /** RGB8 of one good picture each. */
  readonly pictures: RecordFile;
}

/** In the job folder; made anew by every job. */
export const PICTURES_FILE = "pictures.rgb";

/**
 * Reads the job's folder (flat, or MVTec form: then its train/good) and cleans it.
 * @returns whose `pictures` the caller closes
 * @throws InputError if there is no such folder; TrainingError `too-few-normals`
 */
export async function openNormals(
  job: TrainingJob,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<Normals> {
  const { normals } = await listLine(job.normalsDir);
  const files = normals.map(({ file }) => file);
  const sieve = new Sieve(job.inputSize);
  const clean = cleanNormals(files, sieve, {
    minImages: job.training.minImages,
    signal,
    onProgress: (done, total) => {
      progress.stage("clean", { done: done / total, message: `looking at good part ${done}/${total}` });
    },
  });
  const hash = createHash("sha256");
  const recordBytes = 3 * job.inputSize.width * job.inputSize.height;
  const pictures = await RecordFile.make(join(job.jobDir, PICTURES_FILE), recordBytes, async function* () {
    for await (const { data } of clean) {
      hash.update(data);
      yield data;
    }
  });
  return { count: pictures.count, hash: hash.digest("hex"), words: sieve.report().words, pictures };
}
