import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_TEACHER, importTeacher } from "../../src/backbones/teacher-import.ts";
import { ensureTeacherOnnx, listTeachers, openTeacher } from "../../src/backbones/teacher-store.ts";
import { writeSafetensors } from "../../src/backbones/weights/safetensors.ts";
import { InputError, ModelError } from "../../src/domain/errors.ts";
import { openSession } from "../../src/onnx/session.ts";
import { syntheticWeights } from "./synthetic-weights.ts";

const clock = () => new Date("2026-01-02T03:04:05.000Z");
let folder: string;
let teachersDir: string;
let file: string;
let imports = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-teachers-"));
  file = join(folder, "lite0.safetensors");
  await writeFile(file, writeSafetensors(syntheticWeights("efficientnet-lite0")));
});
beforeEach(() => {
  teachersDir = join(folder, `teachers-${imports++}`);
});
afterAll(() => rm(folder, { recursive: true }));

const importLite0 = () => importTeacher({ file, teachersDir, inputSize: 64, licence: "MIT", clock });

test("an imported teacher has a manifest with cost, levels, licence and the hash of every file", async () => {
  const manifest = await importLite0();
  expect(manifest).toMatchObject({
    id: "efficientnet-lite0",
    backbone: "efficientnet-lite0",
    source: "lite0.safetensors",
    licence: "MIT",
    createdAt: "2026-01-02T03:04:05.000Z",
    inputSize: 64,
    parameters: 700_768,
    levels: [
      { level: 1, channels: 24, stride: 4 },
      { level: 2, channels: 40, stride: 8 },
      { level: 3, channels: 112, stride: 16 },
    ],
  });
  const dir = join(teachersDir, "efficientnet-lite0");
  expect((await readdir(dir)).toSorted()).toEqual([
    "manifest.json",
    "teacher-64.onnx",
    "teacher.safetensors",
  ]);
  for (const [name, sha256] of Object.entries(manifest.sha256)) {
    expect(
      createHash("sha256")
        .update(readFileSync(join(dir, name)))
        .digest("hex"),
    ).toBe(sha256);
  }
  expect((await stat(dir)).mode & 0o777).toBe(0o755);
});

test("its ONNX file takes a uint8 picture and gives f1, f2 and f3", async () => {
  await importLite0();
  const { onnxFile, weights } = await openTeacher(join(teachersDir, "efficientnet-lite0"));
  expect(weights.has("normalize.minus_mean")).toBe(true);
  const session = await openSession({ model: onnxFile, providers: ["cpu"], threads: 1 });
  expect(session.inputs).toEqual([{ name: "image", type: "uint8", dims: [1, 64, 64, 3] }]);
  expect(session.outputs.map(({ name, dims }) => [name, dims])).toEqual([
    ["f1", [1, 24, 16, 16]],
    ["f2", [1, 40, 8, 8]],
    ["f3", [1, 112, 4, 4]],
  ]);
  await session.release();
});

test("another input size is written once, by whoever asks first, and listed", async () => {
  await importLite0();
  const dir = join(teachersDir, "efficientnet-lite0");
  const paths = await Promise.all([ensureTeacherOnnx(dir, 96), ensureTeacherOnnx(dir, 96)]);
  expect(paths).toEqual([join(dir, "teacher-96.onnx"), join(dir, "teacher-96.onnx")]);
  const { mtimeMs } = await stat(join(dir, "teacher-96.onnx"));
  await ensureTeacherOnnx(dir, 96);
  expect((await stat(join(dir, "teacher-96.onnx"))).mtimeMs).toBe(mtimeMs);
  expect(Object.keys((await openTeacher(dir)).manifest.sha256)).toContain("teacher-96.onnx");
  expect((await readdir(dir)).filter((name) => name.startsWith("."))).toEqual([]);
});

test("importing the same weights again changes nothing; other weights need another id", async () => {
  const first = await importLite0();
  expect(await importTeacher({ file, teachersDir, inputSize: 96 })).toEqual(first);
  const other = join(folder, "other.safetensors");
  await writeFile(other, writeSafetensors(syntheticWeights("efficientnet-lite0", 2)));
  await expect(importTeacher({ file: other, teachersDir, inputSize: 64 })).rejects.toThrow(/--id/);
  expect((await importTeacher({ file: other, teachersDir, inputSize: 64, id: "mine" })).id).toBe("mine");
  expect((await listTeachers(teachersDir)).map(({ id }) => id)).toEqual(["efficientnet-lite0", "mine"]);
});

test("a safetensors file is known by its content, whatever it is called", async () => {
  const renamed = join(folder, "renamed.pth");
  await writeFile(renamed, writeSafetensors(syntheticWeights("efficientnet-lite0", 2)));
  expect((await importTeacher({ file: renamed, teachersDir, inputSize: 64 })).id).toBe("efficientnet-lite0");
});

describe("nothing is left behind by an import", () => {
  const leftovers = () => readdir(teachersDir).catch(() => []);

  test.each<[string, () => Partial<Parameters<typeof importTeacher>[0]>, RegExp]>([
    ["of a missing file", () => ({ file: join(folder, "no.pth") }), /no\.pth cannot be read.*Check the path/],
    [
      "of missing default weights",
      () => ({ file: "default", defaultFile: join(folder, "no") }),
      /Run scripts\/setup\.sh/,
    ],
    [
      "of changed default weights",
      () => ({ file: "default", defaultFile: file }),
      /SHA-256.*scripts\/setup\.sh/,
    ],
    ["with a bad id", () => ({ id: "../evil" }), /"\.\.\/evil" cannot name a teacher/],
    ["with a bad size", () => ({ inputSize: 8 }), /at least 16/],
    ["with another backbone", () => ({ backbone: "resnet18" }), /do not fit resnet18/],
  ])("%s", async (_, change, message) => {
    const refusal = importTeacher({ file, teachersDir, inputSize: 64, ...change() });
    await expect(refusal).rejects.toThrow(InputError);
    await expect(refusal).rejects.toThrow(message);
    expect(await leftovers()).toEqual([]);
  });

  test("that was cancelled", async () => {
    const signal = AbortSignal.abort();
    await expect(importTeacher({ file, teachersDir, inputSize: 64, signal })).rejects.toThrow(/abort/);
    expect(await leftovers()).toEqual([]);
  });
});

describe("a damaged teacher is refused with a remedy:", () => {
  let dir: string;
  beforeEach(async () => {
    await importLite0();
    dir = join(teachersDir, "efficientnet-lite0");
  });

  test.each<[string, () => Promise<void>]>([
    ["changed weights", () => flipByte(join(dir, "teacher.safetensors"))],
    ["a changed ONNX file", () => flipByte(join(dir, "teacher-64.onnx"))],
    ["a short ONNX file", () => truncate(join(dir, "teacher-64.onnx"), 100)],
    ["no weights", () => rm(join(dir, "teacher.safetensors"))],
    ["no manifest", () => rm(join(dir, "manifest.json"))],
    ["an unknown backbone", () => changeManifest(dir, { backbone: "vgg16" })],
    ["another backbone", () => changeManifest(dir, { backbone: "resnet18" })],
    ["an unknown key", () => changeManifest(dir, { more: 1 })],
  ])("%s", async (_, damage) => {
    await damage();
    await expect(openTeacher(dir)).rejects.toThrow(ModelError);
    await expect(openTeacher(dir)).rejects.toThrow(
      /import it again: assayd teacher import FILE --id efficientnet-lite0/,
    );
  });
});

test("a teacher that is not there is refused with those that are", async () => {
  await expect(openTeacher(join(teachersDir, "vgg16"))).rejects.toThrow(/no teacher "vgg16".*there is none/);
  await importLite0();
  await expect(openTeacher(join(teachersDir, "vgg16"))).rejects.toThrow(
    /there are efficientnet-lite0\..*import FILE --id vgg16/,
  );
});

test("the list shows whole teachers and says what is wrong with the others; half-written ones do not appear", async () => {
  await importLite0();
  await cp(join(teachersDir, "efficientnet-lite0"), join(teachersDir, ".new-abc"), { recursive: true });
  await mkdir(join(teachersDir, "broken"));
  const list = await listTeachers(teachersDir);
  expect(list.map(({ id, manifest }) => [id, manifest?.backbone])).toEqual([
    ["broken", undefined],
    ["efficientnet-lite0", "efficientnet-lite0"],
  ]);
  expect(list[0]?.problem).toMatch(/manifest\.json cannot be read/);
  expect(await listTeachers(join(folder, "nowhere"))).toEqual([]);
});

test.skipIf(!existsSync(DEFAULT_TEACHER.file))(
  "the default is Lite0 (run scripts/setup.sh if skipped)",
  async () => {
    const manifest = await importTeacher({ file: "default", teachersDir, inputSize: 64 });
    expect(manifest).toMatchObject({
      id: "efficientnet-lite0",
      backbone: "efficientnet-lite0",
      licence: "Apache-2.0",
    });
  },
);

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  await writeFile(path, bytes);
}

async function changeManifest(dir: string, change: object): Promise<void> {
  const path = join(dir, "manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...manifest, ...change }));
}
