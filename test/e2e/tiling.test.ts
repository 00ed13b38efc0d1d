import { join } from "node:path";
import { expect, it } from "vitest";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import { createJob } from "../../src/training/job.ts";
import { runTraining } from "../../src/training/run.ts";
import { until } from "../messaging/plant.ts";
import { taughtNothingState } from "./quick-state.ts";
import { QUICK_TRAINING, quickConfig, renderNormals } from "./quick-training.ts";
import { startStation } from "./test-station.ts";

const TIMEOUT = 120_000;
const CAMERA = { deadlineMs: 5000, source: { kind: "simulated", fps: 2, defectShare: 0 } } as const;
const PICTURE = { width: 240, height: 160 };

it(
  "a station judges large pictures in tiles, and says why a model for them cannot judge small ones",
  async () => {
    const stateDir = await taughtNothingState();
    const normalsDir = join(stateDir, "normals");
    await renderNormals(normalsDir, 12);
    const recipes = [
      {
        name: "default",
        inputSize: 128,
        preprocess: {
          pictureSize: PICTURE,
          ignore: [
            [
              [0, 0],
              [1, 0.2],
            ],
          ],
        },
      },
    ];
    const training = {
      ...QUICK_TRAINING,
      instant: { start: "never" },
      method: { name: "memory-bank", patches: 200 },
    };
    const config = quickConfig(stateDir, { recipes, training });
    const job = createJob(config, { recipe: "default", normalsDir, parent: null, now: new Date() });
    const hooks = { signal: new AbortController().signal, report: () => undefined };
    const { bundleId } = await runTraining(job, hooks);
    await new BundleStore(statePaths(stateDir)).promote("default", bundleId);

    const tiled = await startStation({ stateDir, camera: CAMERA, config: { recipes } });
    await until(
      "three judged parts",
      () => tiled.verdicts.filter(({ verdict }) => verdict !== "ERR").length >= 3,
      60_000,
    );
    expect(tiled.verdicts.findLast(({ verdict }) => verdict !== "ERR")).toMatchObject({ bundleId });
    await tiled.station.stop();

    const small = await startStation({ stateDir, camera: CAMERA });
    expect(small.station.line("cam1").model).toMatch(
      /judges pictures of 240×160, the configuration has 128×128/,
    );
  },
  TIMEOUT,
);
