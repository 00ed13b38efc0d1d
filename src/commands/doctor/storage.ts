import { mkdir, open, readFile, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_TEACHER } from "../../backbones/teacher-import.ts";
import { openTeacher, sha256Of } from "../../backbones/teacher-store.ts";
import { statePaths } from "../../config/paths.ts";
import { messageOf } from "../../domain/errors.ts";
import { failed, ok, warning, type Check, type Finding, type Patient } from "./check.ts";

const GIB = 2 ** 30;
/** A training job's feature cache and bundle; less than this and the job is likely to fail. */
const COMFORTABLE_BYTES = 4 * GIB;
const LEAST_BYTES = GIB / 2;
/** A commit takes one fsync: slower than this and the store cannot keep up with a fast line. */
const SLOW_FSYNC_MS = 100;

/** State folder (room, writing, fsync) and teacher. */
export function storageChecks(patient: Patient): readonly Check[] {
  const { stateDir } = patient.config.station;
  return [
    { name: "state folder", find: () => stateFolder(stateDir) },
    { name: "disk space", find: () => diskSpace(stateDir) },
    { name: "teacher", find: () => teacher(statePaths(stateDir).teachers, patient.config.teacher) },
  ];
}

async function stateFolder(dir: string): Promise<Finding> {
  const probe = join(dir, `.doctor-${process.pid}`);
  try {
    await mkdir(dir, { recursive: true });
    const file = await open(probe, "w");
    try {
      await file.write(new Uint8Array(4096));
      const started = performance.now();
      await file.sync();
      const ms = performance.now() - started;
      if (ms < SLOW_FSYNC_MS) return ok(`${dir} can be written (fsync ${ms.toFixed(1)} ms)`);
      return warning(
        `${dir} is slow: fsync takes ${ms.toFixed(0)} ms`,
        "use a better disk or card for station.stateDir",
      );
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
  } catch (error) {
    return failed(
      `${dir} cannot be written (${messageOf(error)})`,
      "give this user the folder, or name another in station.stateDir",
    );
  }
}

async function diskSpace(dir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  const words = `${(free / GIB).toFixed(1)} GiB free at ${dir}`;
  if (free < LEAST_BYTES)
    return failed(`${words}; expected ${LEAST_BYTES / GIB} GiB at least`, "free some space");
  if (free < COMFORTABLE_BYTES)
    return warning(`${words}; training may run out of it`, `make it ${COMFORTABLE_BYTES / GIB} GiB`);
  return ok(words);
}

async function teacher(teachersDir: string, id: string): Promise<Finding> {
  const dir = join(teachersDir, id);
  if (await exists(dir)) {
    try {
      const { manifest } = await openTeacher(dir);
      return ok(`${id} is whole (${manifest.backbone}, ${manifest.source})`);
    } catch (error) {
      return failed(messageOf(error), `delete ${dir} and import the teacher again (assayd teacher import)`);
    }
  }
  if (id !== DEFAULT_TEACHER.id)
    return failed(`teacher "${id}" is not imported`, "assayd teacher import FILE, then assayd teacher list");
  return defaultWeights();
}

async function defaultWeights(): Promise<Finding> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(DEFAULT_TEACHER.file);
  } catch (error) {
    return failed(
      `the default teacher's weights are not there (${messageOf(error)})`,
      "run scripts/setup.sh",
    );
  }
  if (sha256Of(bytes) !== DEFAULT_TEACHER.sha256) {
    return failed(
      `the default teacher's weights ${DEFAULT_TEACHER.file} are damaged`,
      "delete the file and run scripts/setup.sh",
    );
  }
  return ok(`${DEFAULT_TEACHER.id}: weights are whole; imported at the first training`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
