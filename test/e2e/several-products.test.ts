import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/bundles/read.ts";
import { servedRecipes } from "../../src/bundles/manifest.ts";
import { resultSchema, type Result } from "../../src/messaging/schemas/camera.ts";
import { jobSchema } from "../../src/messaging/schemas/station.ts";
import { until } from "../messaging/plant.ts";
import { taughtNothingState } from "./quick-state.ts";
import { Plant, startStation } from "./test-station.ts";

const TEACH = 9;
const CAMERAS = [
  { name: "cam1", recipe: "relay", product: "default" },
  { name: "cam2", recipe: "gear", product: "gear" },
] as const;
const TRAINING = {
  minImages: 8,
  nice: 0,
  instant: { start: "never" },
  method: { name: "snl", distill: { steps: 8, batch: 4 } },
};

describe("one model for the products of two cameras", () => {
  it("is trained from the parts of both, and judges each camera by its own threshold", async () => {
    const stateDir = await taughtNothingState();
    const cameras = CAMERAS.map(({ name, recipe, product }) => {
      const source = { kind: "simulated", fps: 2, defectShare: 0, product };
      return { name, recipe, deadlineMs: 2000, source };
    });
    const { station } = await startStation({ stateDir, config: { cameras, training: TRAINING } });
    const plant = await Plant.at(station.brokerUrl);
    const resultsOf = (camera: string): Result[] =>
      plant.heard.json(`cam/${camera}/result`).map((json) => resultSchema.parse(json));

    for (const { name, recipe } of CAMERAS) {
      expect((await plant.ask("collect.start", { camera: name, count: TEACH })).status).toBe("ok");
      const folder = join(stateDir, "datasets", recipe);
      await until("the parts are collected", () => readdirSync(folder).length >= TEACH, 60_000);
    }
    const { status, job_id: id = "" } = await plant.ask("train.start", { camera: "cam1", with: ["cam2"] });
    expect(status).toBe("accepted");
    const job = () =>
      plant.heard
        .json(`job/${id}`)
        .map((json) => jobSchema.parse(json))
        .at(-1);
    await until("the job has ended", () => (job()?.ended ?? null) !== null, 200_000);
    expect(job()).toMatchObject({ state: "completed", error: null, data_set: { images: 2 * TEACH } });

    const served = servedRecipes(await readManifest(join(stateDir, "bundles", id)));
    expect(served.map(({ recipe }) => recipe)).toEqual(["relay", "gear"]);
    expect(served[0]?.threshold.value).not.toBe(served[1]?.threshold.value);
    for (const [at, { name }] of CAMERAS.entries()) {
      const judged = () => resultsOf(name).find(({ threshold }) => threshold !== null);
      await until(`a verdict of ${name}`, () => judged() !== undefined, 30_000);
      expect(judged()).toMatchObject({ model: { id }, threshold: served[at]?.threshold.value });
    }

    expect(await plant.ask("train.start", { camera: "cam1", with: ["cam3"] })).toMatchObject({
      status: "error",
      error: { code: "camera-unknown" },
    });
  });
});
