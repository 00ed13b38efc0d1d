import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backboneByName } from "../../src/backbones/registry.ts";
import { importTeacher } from "../../src/backbones/teacher-import.ts";
import { writeSafetensors } from "../../src/backbones/weights/safetensors.ts";
import { statePaths } from "../../src/config/paths.ts";
import { countCost } from "../../src/graph/cost.ts";
import { createJob } from "../../src/training/job.ts";
import { runTraining } from "../../src/training/run.ts";
import { quickConfig, renderNormals } from "../e2e/quick-training.ts";
import { formulaWeights } from "./formula-picture.ts";

const TIMEOUT = 120_000;
const SIDE = 64;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-teachers-"));
  await renderNormals(join(folder, "normals"), 8);
});
afterAll(() => rm(folder, { recursive: true }));

test.each(["efficientnet-lite1", "efficientnet-lite2", "tf_efficientnet_lite1", "resnet18"])(
  "a %s teacher is imported from its file, trains a small model and is exported within the parity limit",
  async (name) => {
    const { weights } = countCost(backboneByName(name).features, [{ c: 3, h: SIDE, w: SIDE }]);
    const file = join(folder, `${name}.safetensors`);
    await writeFile(file, writeSafetensors(formulaWeights(weights, 3)));
    const stateDir = join(folder, name);
    await importTeacher({ file, teachersDir: statePaths(stateDir).teachers, inputSize: SIDE });
    const config = quickConfig(stateDir, {
      station: { name: "st1", stateDir, inputSize: SIDE },
      teacher: name,
      training: {
        minImages: 8,
        instant: { start: "never" },
        method: { name: "rd", student: "compact", distill: { steps: 8, batch: 4 } },
      },
    });
    const normalsDir = join(folder, "normals");
    const job = createJob(config, { recipe: "default", normalsDir, parent: null, now: new Date() });
    const result = await runTraining(job, {
      signal: new AbortController().signal,
      report: () => undefined,
    });
    expect(result.parityMaxAbs).toBeLessThanOrEqual(1e-3);
    const manifest = JSON.parse(await readFile(join(result.bundleDir, "manifest.json"), "utf8")) as object;
    expect(manifest).toMatchObject({ teacher: { id: name }, input: { width: SIDE, height: SIDE } });
  },
  TIMEOUT,
);
