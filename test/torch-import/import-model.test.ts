import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importTeacher } from "../../src/backbones/teacher-import.ts";
import { listTeachers } from "../../src/backbones/teacher-store.ts";
import { writeSafetensors } from "../../src/backbones/weights/safetensors.ts";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import { InputError } from "../../src/domain/errors.ts";
import type { Weights } from "../../src/graph/ops.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { importModel } from "../../src/torch-import/import-model.ts";
import { createJob } from "../../src/training/job.ts";
import { formulaPicture } from "../backbones/formula-picture.ts";
import { syntheticWeights } from "../backbones/synthetic-weights.ts";
import { quickConfig } from "../e2e/quick-training.ts";
import { WHOLE, wholeModel } from "./whole-model.ts";
import { writePth } from "./write-pth.ts";

const TIMEOUT = 180_000;
const NORMALS = 8;
const DEAD: Weights = new Map([["conv4.weight", { shape: [1], data: Float32Array.of(0) }]]);
const HEAD: Weights = new Map([["fc.weight", { shape: [1], data: Float32Array.of(0) }]]);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-import-"));
  await mkdir(join(folder, "normals"));
  const size = { width: WHOLE.size, height: WHOLE.size };
  for (let index = 0; index < NORMALS; index++)
    await writePng(
      join(folder, "normals", `${index}.png`),
      formulaPicture(size, WHOLE.first_picture_seed + index),
      size,
    );
  const { teacher, amplifier, bn, decoder } = wholeModel();
  const encoder = new Map([...teacher, ...amplifier, ...HEAD]);
  await file("rd.pth", writePth({ bn: new Map([...bn, ...DEAD]), decoder }));
  await file("stage1.pth", writePth({ encoder_AT: encoder }));
  await file("stage2.pth", writePth({ bn, decoder_ss: decoder }));
  await file("no-bias.pth", writePth({ bn: without(bn, "bn2.bias"), decoder }));
  await file(
    "deeper.pth",
    writePth({ bn, decoder: new Map([...decoder, ["layer1.2.conv1.weight", bn.get("bn1.bias")!]]) }),
  );
  await file("plain.pth", writePth({ "": teacher }));
  await file("teacher.safetensors", writeSafetensors(teacher));
  await file("other.safetensors", writeSafetensors(syntheticWeights("resnet18")));
}, TIMEOUT);
afterAll(() => rm(folder, { recursive: true }));

const file = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);

function without(weights: Weights, name: string): Weights {
  return new Map([...weights].filter(([key]) => key !== name));
}

/** A fresh state folder with these teachers, and a job that imports these files. */
async function jobOf(files: readonly string[], teachers: Readonly<Record<string, string>> = {}) {
  const stateDir = await mkdtemp(join(folder, "state-"));
  const config = quickConfig(stateDir, { station: { name: "st1", stateDir, inputSize: WHOLE.size } });
  for (const [id, name] of Object.entries(teachers))
    await importTeacher({
      file: join(folder, name),
      id,
      teachersDir: statePaths(stateDir).teachers,
      inputSize: 64,
    });
  const normalsDir = join(folder, "normals");
  const job = createJob(config, { recipe: "bottle", normalsDir, parent: null, now: new Date() });
  return { ...job, published: { files: files.map((name) => join(folder, name)), teacher: null } };
}

type ImportJob = Awaited<ReturnType<typeof jobOf>>;

const runImport = (job: ImportJob) =>
  importModel(job, { signal: new AbortController().signal, report: () => undefined });

async function reportOf(bundleDir: string) {
  return JSON.parse(await readFile(join(bundleDir, "report.json"), "utf8")) as {
    heldOutRawScores: number[];
    importedFrom: { file: string }[];
    teacherNote: string | null;
  };
}

describe("a published model becomes a bundle that scores as PyTorch does", () => {
  it.each(["rd", "aand"] as const)(
    "%s",
    async (kind) => {
      const job =
        kind === "rd"
          ? await jobOf(["rd.pth"], { resnet18: "teacher.safetensors" })
          : await jobOf(["stage2.pth", "stage1.pth"]);
      const { bundleDir, bundleId, images, parityMaxAbs } = await runImport(job);
      expect([images, bundleId]).toEqual([NORMALS, job.id]);
      expect(parityMaxAbs).toBeLessThanOrEqual(1e-3);
      const { heldOutRawScores, importedFrom, teacherNote } = await reportOf(bundleDir);
      const differences = WHOLE.scores[kind].map((score, at) =>
        Math.abs(score - (heldOutRawScores[at] ?? NaN)),
      );
      expect(Math.max(...differences)).toBeLessThan(1e-5);
      expect(importedFrom.map((source) => source.file)).toEqual(
        job.published.files.map((path) => path.split("/").at(-1)),
      );
      expect(teacherNote === null).toBe(kind === "aand"); // RD's teacher here is not torchvision's file, and the report says so
      const paths = statePaths(join(job.bundlesDir, ".."));
      const manifest = await new BundleStore(paths).verify(bundleId);
      expect(manifest).toMatchObject({
        recipe: "bottle",
        method: { name: `published-${kind}` },
        teacher: { id: "resnet18" },
        threshold: { heldOut: NORMALS },
      });
      expect((await listTeachers(paths.teachers)).map(({ id }) => id)).toEqual(["resnet18"]);
    },
    TIMEOUT,
  );
});

describe("what is no published model is refused in words:", () => {
  const TEACHER = { resnet18: "teacher.safetensors" };
  it.each<[string, string[], Readonly<Record<string, string>>, RegExp]>([
    ["stage 2 alone", ["stage2.pth"], {}, /student of AAND is there \(bn, decoder_ss\), but not encoder_AT/],
    ["stage 1 alone", ["stage1.pth"], {}, /amplified teacher of AAND is there, but not bn and decoder_ss/],
    [
      "a plain state dict",
      ["plain.pth"],
      {},
      /the files hold a plain state dict\. Expected: for RD one file with bn/,
    ],
    ["the same section twice", ["rd.pth", "no-bias.pth"], {}, /no-bias\.pth and .*rd\.pth both hold bn/],
    [
      "a missing weight",
      ["no-bias.pth"],
      TEACHER,
      /no-bias\.pth .*that of resnet18 \(needs bn\.bn2\.bias, which is not there\)/,
    ],
    [
      "a deeper decoder",
      ["deeper.pth"],
      TEACHER,
      /that of resnet18 \(has no decoder\.layer1\.2\.conv1\.weight\)/,
    ],
    ["no teacher", ["rd.pth"], {}, /no teacher "resnet18".*assayd teacher import resnet18-f37072fd\.pth/],
    ["a missing file", ["nowhere.pth"], {}, /nowhere\.pth cannot be read/],
    [
      "another teacher than AAND's own",
      ["stage1.pth", "stage2.pth"],
      { resnet18: "other.safetensors" },
      /not those of encoder_AT in stage1\.pth.*--id NAME/,
    ],
  ])(
    "%s",
    async (_, files, teachers, message) => {
      const job = await jobOf(files, teachers);
      const refusal = runImport(job);
      await expect(refusal).rejects.toThrow(InputError);
      await expect(refusal).rejects.toThrow(message);
      expect(await new BundleStore(statePaths(join(job.bundlesDir, ".."))).list()).toEqual([]);
    },
    TIMEOUT,
  );

  it("a recipe that cuts its pictures into tiles, before the checkpoint is read", async () => {
    const job = await jobOf(["nowhere.pth"]);
    const tiled = { ...job, pictureSize: { width: 2 * WHOLE.size, height: WHOLE.size } };
    await expect(runImport(tiled)).rejects.toThrow(/recipe "bottle" cuts its .* into tiles.*pictureSize/);
  });
});
