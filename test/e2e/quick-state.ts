import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DEFAULT_TEACHER, importTeacher } from "../../src/backbones/teacher-import.ts";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import { createJob } from "../../src/training/job.ts";
import { TrainingSupervisor } from "../../src/training/supervisor.ts";
import { QUICK_SIZE, QUICK_TRAINING, quickConfig, renderNormals } from "./quick-training.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CACHE = join(ROOT, ".state", "test-cache");
/** What the trained model and the teacher depend on: a change there trains anew. */
const TEACHER_SOURCES = ["src/backbones", "src/graph"];
const TRAINING_SOURCES = [
  ...TEACHER_SOURCES,
  "src/bundles",
  "src/methods",
  "src/onnx",
  "src/preprocess",
  "src/simulator",
  "src/training",
];
const PARTS = 16;

/**
 * A state folder of its own for one test, with the default teacher and a freshly trained small model that is active for
 * recipe "default". It is trained once and kept below `.state/test-cache`; the folder goes away with the test.
 */
export async function trainedState(): Promise<string> {
  const cached = join(CACHE, `trained-${keyOf(TRAINING_SOURCES)}`);
  if (!existsSync(cached)) await makeWhole(cached, train);
  return copyOf(cached, ["teachers", "bundles", "active"]);
}

/** A state folder with the default teacher only. */
export async function taughtNothingState(): Promise<string> {
  const cached = join(CACHE, `teacher-${keyOf(TEACHER_SOURCES)}`);
  if (!existsSync(cached)) await makeWhole(cached, importDefault);
  return copyOf(cached, ["teachers"]);
}

/** An empty folder of its own for one test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "assayd-e2e-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function copyOf(cached: string, folders: readonly string[]): Promise<string> {
  const folder = await emptyFolder();
  for (const name of folders) await cp(join(cached, name), join(folder, name), { recursive: true });
  return folder;
}

/** Made beside and moved in one step, so that an ended test run leaves nothing half-made. */
async function makeWhole(target: string, make: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, "new-"));
  try {
    await make(folder);
    await rename(folder, target);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else another run was first
  }
}

async function importDefault(stateDir: string): Promise<void> {
  const { teachers } = statePaths(stateDir);
  await importTeacher({
    file: "default",
    id: DEFAULT_TEACHER.id,
    teachersDir: teachers,
    inputSize: QUICK_SIZE,
  });
}

async function train(stateDir: string): Promise<void> {
  const normalsDir = join(stateDir, "normals");
  await renderNormals(normalsDir, PARTS);
  const supervisor = new TrainingSupervisor({
    entry: new URL("../../src/training/process.ts", import.meta.url),
    now: Date.now,
    onChange: () => undefined,
  });
  const job = createJob(quickConfig(stateDir), {
    recipe: "default",
    normalsDir,
    parent: null,
    now: new Date(),
  });
  supervisor.start(job);
  const { state, error, result } = await supervisor.finished;
  if (!result) throw new Error(`the tests' model could not be trained: ${state} ${error?.message ?? ""}`);
  await new BundleStore(statePaths(stateDir)).promote("default", result.bundleId);
}

/** Of the files below these folders. */
function keyOf(folders: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(QUICK_TRAINING));
  for (const folder of folders) {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).sort();
    for (const file of files.filter((name) => name.endsWith(".ts")))
      hash.update(readFileSync(join(ROOT, folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
