import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, ModelError } from "../domain/errors.ts";
import { exportOnnx } from "../graph/onnx-ops.ts";
import type { Weights } from "../graph/ops.ts";
import { renameDurably, writeDurably } from "../system/durable-files.ts";
import { type Backbone, normalizationWeights, teacherNetwork } from "./backbone.ts";
import { recognizeBackbone } from "./recognize.ts";
import { type TeacherManifest, teacherManifestSchema } from "./teacher-manifest.ts";
import { readSafetensors } from "./weights/safetensors.ts";

export type { TeacherManifest } from "./teacher-manifest.ts";

export const MANIFEST_FILE = "manifest.json";
export const WEIGHTS_FILE = "teacher.safetensors";
/** Of every teacher ONNX file: uint8 [1, H, W, 3] RGB in, float32 [1, C, H/stride, W/stride] out. */
const TEACHER_INPUT = "image";
const TEACHER_OUTPUTS = ["f1", "f2", "f3"] as const;

/** A teacher whose files have been checked. */
export interface Teacher {
  readonly manifest: TeacherManifest;
  readonly backbone: Backbone;
  /** Everything that `teacherNetwork(backbone)` needs: the backbone's weights and its normalisation. */
  readonly weights: Weights;
  /** The ONNX file for `manifest.inputSize`; other sizes by {@link ensureTeacherOnnx}. */
  readonly onnxFile: string;
}

/** One folder of the teachers' folder; a broken one has a problem instead of a manifest. */
export interface TeacherListing {
  readonly id: string;
  readonly dir: string;
  readonly manifest: TeacherManifest | null;
  readonly problem: string | null;
}

/** Name of the ONNX file for square pictures of this side. */
export function onnxName(inputSize: number): string {
  return `teacher-${inputSize}.onnx`;
}

/** Lower-case hexadecimal SHA-256. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All teachers, by id; none if the folder does not exist. Files are not read, only manifests. */
export async function listTeachers(teachersDir: string): Promise<TeacherListing[]> {
  const entries = await readdir(teachersDir, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const ids = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  return Promise.all(
    ids.toSorted().map(async (id) => {
      const dir = join(teachersDir, id);
      try {
        return { id, dir, manifest: await readTeacherManifest(dir), problem: null };
      } catch (error) {
        return { id, dir, manifest: null, problem: messageOf(error) };
      }
    }),
  );
}

/** @throws ModelError if it is missing or no manifest */
export async function readTeacherManifest(teacherDir: string): Promise<TeacherManifest> {
  try {
    return teacherManifestSchema.parse(JSON.parse(await readFile(join(teacherDir, MANIFEST_FILE), "utf8")));
  } catch (error) {
    if (!existsSync(teacherDir)) throw await missing(teacherDir);
    throw unusable(teacherDir, `its ${MANIFEST_FILE} cannot be read (${messageOf(error)})`, error);
  }
}

/**
 * A teacher, after checking that its files are the ones that were imported.
 * @throws ModelError if a file is missing, changed, or not what the manifest says
 */
export async function openTeacher(teacherDir: string): Promise<Teacher> {
  const manifest = await readTeacherManifest(teacherDir);
  const { backbone, weights } = await readWeights(teacherDir, manifest);
  const name = onnxName(manifest.inputSize);
  await readChecked(teacherDir, name, manifest);
  return { manifest, backbone, weights, onnxFile: join(teacherDir, name) };
}

/**
 * The ONNX file of a teacher for square pictures of this side; written (whole or not at all) on first use.
 * @throws ModelError if the teacher is damaged   @throws RangeError if it cannot see such small pictures
 */
export async function ensureTeacherOnnx(teacherDir: string, inputSize: number): Promise<string> {
  const manifest = await readTeacherManifest(teacherDir);
  const name = onnxName(inputSize);
  const path = join(teacherDir, name);
  if (manifest.sha256[name] !== undefined) {
    await readChecked(teacherDir, name, manifest);
    return path;
  }
  const { backbone, weights } = await readWeights(teacherDir, manifest);
  const bytes = teacherOnnx(backbone, weights, inputSize);
  // The manifest last: after a power cut the file is not listed, and written again.
  await replaceFile(teacherDir, name, bytes);
  const updated = { ...manifest, sha256: { ...manifest.sha256, [name]: sha256Of(bytes) } };
  await replaceFile(teacherDir, MANIFEST_FILE, `${JSON.stringify(updated, null, 2)}\n`);
  return path;
}

/** The bytes of a teacher's ONNX model. @param weights the backbone's and its normalisation's */
export function teacherOnnx(backbone: Backbone, weights: Weights, inputSize: number): Uint8Array {
  const size = { width: inputSize, height: inputSize };
  backbone.levels(size); // refuses sizes that it cannot see
  return exportOnnx({
    name: backbone.name,
    input: { name: TEACHER_INPUT, size },
    network: teacherNetwork(backbone),
    outputs: [...TEACHER_OUTPUTS],
    weights,
  });
}

async function readWeights(
  teacherDir: string,
  manifest: TeacherManifest,
): Promise<{ backbone: Backbone; weights: Weights }> {
  const bytes = await readChecked(teacherDir, WEIGHTS_FILE, manifest);
  try {
    const { backbone, weights } = recognizeBackbone(
      readSafetensors(bytes, WEIGHTS_FILE),
      WEIGHTS_FILE,
      manifest.backbone,
    );
    return { backbone, weights: new Map([...weights, ...normalizationWeights(backbone)]) };
  } catch (error) {
    throw unusable(teacherDir, messageOf(error), error);
  }
}

async function readChecked(teacherDir: string, name: string, manifest: TeacherManifest): Promise<Uint8Array> {
  const expected = manifest.sha256[name];
  if (expected === undefined) throw unusable(teacherDir, `its manifest does not list ${name}`);
  const bytes = await readFile(join(teacherDir, name)).catch((error: unknown) => {
    throw unusable(teacherDir, `its ${name} cannot be read (${messageOf(error)})`, error);
  });
  const actual = sha256Of(bytes);
  if (actual !== expected)
    throw unusable(teacherDir, `its ${name} has SHA-256 ${actual}, the manifest says ${expected}`);
  return bytes;
}

/** As writeDurably, but safe against a second writer of the same file: each has a temporary name of its own. */
async function replaceFile(teacherDir: string, name: string, data: string | Uint8Array): Promise<void> {
  const folder = await mkdtemp(join(teacherDir, ".new-"));
  try {
    await writeDurably(join(folder, name), data);
    await renameDurably(join(folder, name), join(teacherDir, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function missing(teacherDir: string): Promise<ModelError> {
  const id = basename(teacherDir);
  const ids = (await listTeachers(dirname(teacherDir))).map((listing) => listing.id);
  return new ModelError(
    "no-teacher",
    `There is no teacher "${id}" in ${dirname(teacherDir)}; there ${ids.length > 0 ? `are ${ids.join(", ")}` : "is none"}. ` +
      `Name one of "assayd teacher list", or import it: assayd teacher import FILE --id ${id}.`,
  );
}

function unusable(teacherDir: string, problem: string, cause?: unknown): ModelError {
  return new ModelError(
    "bad-teacher",
    `Teacher "${basename(teacherDir)}" cannot be used: ${problem}. ` +
      `Remove ${teacherDir} and import it again: assayd teacher import FILE --id ${basename(teacherDir)}.`,
    { cause },
  );
}
