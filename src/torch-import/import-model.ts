import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { teacherNetwork } from "../backbones/backbone.ts";
import type { Teacher } from "../backbones/teacher-store.ts";
import { InputError } from "../domain/errors.ts";
import type { JobResult } from "../domain/job.ts";
import { PLAIN_VIEW } from "../preprocess/view.ts";
import { addBundle } from "../training/bundle.ts";
import type { Candidate } from "../training/inspector-export.ts";
import { finishModel } from "../training/model.ts";
import { openNormals } from "../training/normals.ts";
import { ProgressReporter } from "../training/progress.ts";
import type { TrainingJob } from "../training/protocol.ts";
import type { TrainingHooks } from "../training/run.ts";
import type { Finishing } from "../training/work.ts";
import { type PublishedModel, readCheckpoint } from "./checkpoint.ts";
import { publishedTeacher, teacherNote } from "./published-teacher.ts";

/**
 * A job that takes a published model instead of training one: read → clean → calibrate → export → validate → bundle. All
 * normals of the job's folder serve the threshold; none trains.
 * @throws InputError if the files are no model of RD or AAND or the teacher is another; else as `runTraining`
 */
export async function importModel(
  job: TrainingJob,
  { signal, report }: Pick<TrainingHooks, "signal" | "report">,
): Promise<JobResult> {
  const files = job.published?.files ?? [];
  const stages = ["clean", "calibrate", "export", "validate"] as const;
  const progress = new ProgressReporter(report, () => performance.now(), stages);
  checkSize(job);
  await mkdir(job.jobDir, { recursive: true });
  const model = await readCheckpoint(files);
  const teacher = await publishedTeacher(model, job);
  const candidate = candidateOf(model, teacher, job);
  const normals = await openNormals(job, progress, signal);
  try {
    const heldOut = Array.from({ length: normals.count }, (_, index) => index);
    const split = { train: [], heldOut, products: [{ recipe: job.recipe, train: [], heldOut }] };
    const work: Finishing = { job, progress, signal, normals, split, teacher };
    const importedFrom = await Promise.all(files.map(sourceOf));
    const learned = { importedFrom, teacherNote: teacherNote(model, teacher) };
    const finished = await finishModel(work, candidate, {
      method: { name: `published-${model.kind}` },
      learned,
    });
    return await addBundle(work, finished, { id: job.id, instead: null, choice: null });
  } finally {
    await normals.pictures.close();
  }
}

function candidateOf(model: PublishedModel, teacher: Teacher, { inputSize }: TrainingJob): Candidate {
  return {
    size: inputSize,
    teacher: { network: teacherNetwork(teacher.backbone), weights: teacher.weights },
    levels: teacher.backbone.levels(inputSize),
    method: model.method(inputSize),
    looksAtPictures: false,
    view: PLAIN_VIEW,
  };
}

/** Pictures are seen whole, and the students halve the coarsest level (stride 16) and double it again. */
function checkSize({ inputSize: { width, height }, pictureSize, recipe }: TrainingJob): void {
  if (pictureSize.width !== width || pictureSize.height !== height) {
    throw new InputError(
      "bad-input-size",
      `Published models see pictures whole; recipe "${recipe}" cuts its ${pictureSize.width}×${pictureSize.height} into tiles. ` +
        "Import for a recipe without preprocess.pictureSize.",
    );
  }
  if (width % 32 === 0 && height % 32 === 0) return;
  throw new InputError(
    "bad-input-size",
    `Published models see pictures of 256×256, or of other multiples of 32; the station's inputSize is ${width}×${height}.`,
  );
}

async function sourceOf(file: string): Promise<{ file: string; sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { file: basename(file), sha256: hash.digest("hex") };
}
