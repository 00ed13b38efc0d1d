import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DEFAULT_TEACHER, importTeacher } from "../backbones/teacher-import.ts";
import { openTeacher, type Teacher } from "../backbones/teacher-store.ts";
import type { TrainingJob } from "./protocol.ts";

/**
 * The job's teacher; the default one is imported on first use from the weights that scripts/setup.sh fetched.
 * @throws ModelError or InputError with the remedy if it is not there or damaged
 */
export async function openJobTeacher(job: TrainingJob): Promise<Teacher> {
  const id = basename(job.teacherDir);
  if (!existsSync(job.teacherDir) && id === DEFAULT_TEACHER.id) {
    await importTeacher({
      file: "default",
      id,
      teachersDir: dirname(job.teacherDir),
      inputSize: job.inputSize.width,
    });
  }
  return openTeacher(job.teacherDir);
}
