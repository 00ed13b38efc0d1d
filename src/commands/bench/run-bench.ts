import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DEFAULT_TEACHER } from "../../backbones/teacher-import.ts";
import { ensureTeacherOnnx } from "../../backbones/teacher-store.ts";
import { MANIFEST_FILE, MODEL_FILE, readManifest } from "../../bundles/read.ts";
import { BundleStore } from "../../bundles/store.ts";
import { statePaths } from "../../config/paths.ts";
import { configSchema, type Config } from "../../config/schema.ts";
import { inferenceThreads } from "../../inspection/infer/threads.ts";
import { createLogger } from "../../system/logger.ts";
import type { TerminalView } from "../terminal-view.ts";
import type { BenchFigures } from "./figures.ts";
import { measureCameras, measureLatency, measureMemory, measureSpeed } from "./measure.ts";
import { trainForBench, type Trained } from "./prepare.ts";

export interface BenchFlags {
  /** Id in `stateDir`, or a folder; else a model is trained. */
  readonly bundle?: string;
  readonly stateDir: string;
  readonly seconds: number;
  readonly frames: number;
  /** Of each stage; 0: no training. */
  readonly trainSteps: number;
  /** 0: as the station would. */
  readonly threads: number;
  /** Of a second station, which is compared with one of its cameras; 1: none. */
  readonly cameras: number;
}

const RECIPE = "bench";
/** Different parts that the camera shows in turns: rendering a picture is no part of inspecting it. */
const DISTINCT_PARTS = 48;

/** All measurements, one after the other. @param stateDir empty folder for models, results and the broker's station */
export async function runBench(
  flags: BenchFlags,
  stateDir: string,
  view: TerminalView,
): Promise<BenchFigures> {
  const config = benchConfig(flags, stateDir);
  const trained = flags.trainSteps === 0 ? null : await trainForBench(config, RECIPE, view);
  const model = await benchModel(flags, config, trained);
  const options = {
    ...model,
    threads: inferenceThreads(flags.threads),
    engineCacheDir: statePaths(stateDir).engines,
    seconds: flags.seconds,
    frames: flags.frames,
    view,
    logger: createLogger({ level: "warn", format: "text", write: (line) => process.stderr.write(line) }),
  };
  const speed = await measureSpeed(options);
  const cameras = await measureCameras(options, flags.cameras);
  const latency = await measureLatency(options);
  const memory = await measureMemory(options);
  return {
    threads: options.threads,
    ...speed,
    ...cameras,
    ...latency,
    ...memory,
    failedParts: speed.failedParts + cameras.failedParts + latency.failedParts + memory.failedParts,
    ...(trained?.figures ?? { amplifyStepMs: null, distillStepMs: null, trainingPeakMb: null }),
  };
}

/** Makes the model that is measured the active one of the temporary state folder. */
async function benchModel(flags: BenchFlags, config: Config, trained: Trained | null) {
  const paths = statePaths(config.station.stateDir);
  const bundleDir =
    flags.bundle === undefined ? (trained?.result.bundleDir ?? "") : await copyBundle(flags, paths.bundles);
  const { id, recipe, input, tiling, teacher } = await readManifest(bundleDir);
  await new BundleStore(paths).promote(recipe, id);
  const teachers = flags.bundle === undefined ? paths.teachers : statePaths(resolve(flags.stateDir)).teachers;
  return {
    config: configSchema.parse({
      ...config,
      station: { ...config.station, inputSize: input.width },
      cameras: config.cameras.map((camera) => ({ ...camera, recipe })),
      recipes: tiling === null ? [] : [{ name: recipe, preprocess: { pictureSize: tiling.picture } }],
    }),
    inspectorFile: join(bundleDir, MODEL_FILE),
    teacherFile: await ensureTeacherOnnx(join(teachers, teacher.id), input.width),
  };
}

async function copyBundle({ bundle = "", stateDir }: BenchFlags, bundlesDir: string): Promise<string> {
  const isFolder = existsSync(join(bundle, MANIFEST_FILE));
  const source = isFolder ? resolve(bundle) : new BundleStore(statePaths(resolve(stateDir))).dir(bundle);
  const { id } = await readManifest(source);
  const copy = join(bundlesDir, id);
  await cp(source, copy, { recursive: true });
  return copy;
}

function benchConfig(flags: BenchFlags, stateDir: string): Config {
  const stage = { steps: Math.max(1, flags.trainSteps) };
  return configSchema.parse({
    station: { name: "bench", stateDir },
    cameras: [
      {
        name: "cam1",
        recipe: RECIPE,
        source: { kind: "simulated", pace: "demand", distinct: DISTINCT_PARTS },
        trigger: { kind: "command" },
        deadlineMs: 2000, // a machine that is busy with other things gives a bad figure, not parts without a score
      },
    ],
    teacher: DEFAULT_TEACHER.id,
    inference: { threads: flags.threads },
    training: { method: { name: "aand", amplify: stage, distill: stage } },
    broker: { kind: "embedded", port: 0 },
    http: { enabled: false },
  });
}
