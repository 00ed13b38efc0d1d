import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { importTeacher } from "../backbones/teacher-import.ts";
import { openTeacher, type Teacher } from "../backbones/teacher-store.ts";
import { InputError } from "../domain/errors.ts";
import type { Weights } from "../graph/ops.ts";
import type { TrainingJob } from "../training/protocol.ts";
import type { PublishedModel } from "./checkpoint.ts";

/** First digits of the SHA-256 of torchvision's files that RD4AD and AAND load (`model_urls` of their resnet.py). */
const TORCHVISION: Readonly<Record<string, string>> = {
  resnet18: "f37072fd",
  resnet50: "0676ba61",
  wide_resnet50_2: "95faca4d",
};

/**
 * The teacher of a published model, from the teachers' folder; one that its own checkpoint holds is imported on first use.
 * @throws InputError `no-teacher` or `wrong-teacher` with the remedy; ModelError if its folder is damaged
 */
export async function publishedTeacher(model: PublishedModel, job: TrainingJob): Promise<Teacher> {
  const teachersDir = dirname(job.teacherDir);
  const id = job.published?.teacher ?? model.backbone;
  const dir = join(teachersDir, id);
  if (!existsSync(dir)) {
    if (!model.teacher) {
      throw new InputError(
        "no-teacher",
        `The checkpoint was made for ${model.backbone}, and there is no teacher "${id}". ` +
          `Import the weights that it was trained with: assayd teacher import ${model.backbone}-${TORCHVISION[model.backbone] ?? ""}.pth --id ${id}`,
      );
    }
    const { file } = model.teacher;
    await importTeacher({ file, id, teachersDir, inputSize: job.inputSize.width });
  }
  const teacher = await openTeacher(dir);
  const problem = misfit(model, teacher);
  if (problem === null) return teacher;
  const remedy = model.teacher ? `assayd teacher import ${basename(model.teacher.file)} --id NAME` : "";
  throw new InputError(
    "wrong-teacher",
    `Teacher "${id}" cannot be used: ${problem}. ` +
      `Import the right one${remedy && ` (${remedy})`} and name it with --teacher.`,
  );
}

/** What a person should know about the teacher; null where it is surely the one of the checkpoint. */
export function teacherNote({ teacher, backbone }: PublishedModel, { manifest }: Teacher): string | null {
  const expected = TORCHVISION[backbone] ?? "";
  if (teacher !== null || manifest.importedSha256.startsWith(expected)) return null;
  return (
    `Teacher "${manifest.id}" was not imported from ${backbone}-${expected}.pth, which the published code trains with; ` +
    `with other weights the scores mean nothing.`
  );
}

function misfit({ backbone, teacher }: PublishedModel, stored: Teacher): string | null {
  if (stored.backbone.name !== backbone)
    return `it is ${stored.backbone.name}, the checkpoint was made for ${backbone}`;
  if (teacher !== null && !contains(stored.weights, teacher.weights))
    return `its weights are not those of encoder_AT in ${basename(teacher.file)}`;
  return null;
}

function contains(weights: Weights, part: Weights): boolean {
  return [...part].every(([name, { data }]) => {
    const other = weights.get(name)?.data;
    return other?.length === data.length && data.every((value, at) => value === other[at]);
  });
}
