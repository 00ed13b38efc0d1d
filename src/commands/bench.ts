import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { DEFAULT_TEACHER } from "../backbones/teacher-import.ts";
import { ensureTeacherOnnx } from "../backbones/teacher-store.ts";
import { MANIFEST_FILE, MODEL_FILE, readManifest } from "../bundles/read.ts";
import { BundleStore } from "../bundles/store.ts";
import { statePaths } from "../config/paths.ts";
import { configSchema, type Config } from "../config/schema.ts";
import { InputError } from "../domain/errors.ts";
import { inferenceThreads } from "../inspection/infer/threads.ts";
import { createLogger } from "../system/logger.ts";
import type { BenchFigures } from "./bench/figures.ts";
import { measureDaily, measureSpeed } from "./bench/measure.ts";
import { trainForBench, type Trained } from "./bench/prepare.ts";
import { benchText } from "./bench/report.ts";
import { DemoView } from "./demo/view.ts";

interface BenchFlags {
  readonly bundle?: string;
  readonly stateDir: string;
  readonly seconds: number;
  readonly frames: number;
  readonly trainSteps: number;
  readonly threads: number;
  readonly json?: true;
}

const RECIPE = "bench";
/** Different parts that the camera shows in turns: rendering a picture is no part of inspecting it. */
const DISTINCT_PARTS = 48;

const HELP = `
Everything is measured in one run on this machine: a real station (simulated camera through GStreamer, 48 rendered parts
in turns, embedded broker, one subscriber) in processes of its own, and beside it ONNX Runtime in a bare loop.
Without --bundle a model is trained first from rendered parts; its steps may be few, since only speed counts: the graph
is that of the default recipe. The training step's time includes reading features and reporting.
  speed    station and bare loop take turns, pictures (heatmap, overlay) off; a frame counts when its result has reached
           the subscriber; 4 parts under way
  latency  10 parts a second, pictures as by default
  memory   --frames parts at full speed, pictures as by default; growth after the first quarter

With --json the last line of stdout is one object: threads, provider, stationFramesPerSecond, bareFramesPerSecond,
throughputRatio, inspectorMs, teacherMs, inspectorToTeacherRatio, latencyMsP50, latencyMsP99, inferMsP50, inferMsP99,
overheadMsP99, failedParts, amplifyStepMs, distillStepMs, trainingPeakMb, mainPeakMb, inferencePeakMb, capturePeakMb,
flatParts, mainSlopeKbPer1000, inferenceSlopeKbPer1000, captureSlopeKbPer1000. Null: not measured (--train-steps 0).`;

/** `assayd bench`: how fast and how big the station is on this machine, as ratios from one run. */
export function benchCommand(): Command {
  return new Command("bench")
    .description(
      "Measure throughput, latency, training steps and memory on this machine, as ratios from one run",
    )
    .option("--bundle <id|dir>", "measure this model (else one is trained from rendered parts)")
    .option("--state-dir <dir>", "state folder of the station, for --bundle and its teacher", ".state")
    .option("--seconds <n>", "seconds for each side of a comparison, and for latency", positiveNumber, 30)
    .option("--frames <n>", "parts of the memory run", positiveInteger, 2000)
    .option(
      "--train-steps <n>",
      "steps of each training stage; 0 with --bundle: no training",
      wholeNumber,
      40,
    )
    .option("--threads <n>", "CPU threads of the inspector; 0: as the station would", wholeNumber, 0)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(bench);
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.bundle === undefined && flags.trainSteps === 0) {
    throw new InputError(
      "bench-no-model",
      "--train-steps 0 leaves nothing to measure; name a model with --bundle",
    );
  }
  const view = new DemoView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const stateDir = await mkdtemp(join(tmpdir(), "assayd-bench-"));
  const remove = (): Promise<void> => rm(stateDir, { recursive: true, force: true });
  const onSignal = (): void => void remove().finally(() => process.exit(130)); // the children follow us
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const figures = await run(flags, stateDir, view);
    view.say(benchText(figures));
    if (flags.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await remove();
  }
}

async function run(flags: BenchFlags, stateDir: string, view: DemoView): Promise<BenchFigures> {
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
  const daily = await measureDaily(options);
  return {
    threads: options.threads,
    ...speed,
    ...daily,
    failedParts: speed.failedParts + daily.failedParts,
    ...(trained?.figures ?? { amplifyStepMs: null, distillStepMs: null, trainingPeakMb: null }),
  };
}

/** Makes the model that is measured the active one of the temporary state folder. */
async function benchModel(flags: BenchFlags, config: Config, trained: Trained | null) {
  const paths = statePaths(config.station.stateDir);
  const bundleDir =
    flags.bundle === undefined ? (trained?.result.bundleDir ?? "") : await copyBundle(flags, paths.bundles);
  const { id, recipe, input, teacher } = await readManifest(bundleDir);
  await new BundleStore(paths).promote(recipe, id);
  const teachers = flags.bundle === undefined ? paths.teachers : statePaths(resolve(flags.stateDir)).teachers;
  return {
    config: {
      ...config,
      station: { ...config.station, inputSize: input.width },
      cameras: config.cameras.map((camera) => ({ ...camera, recipe })),
    },
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

function positiveInteger(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("expected a whole number from 0");
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0");
  return value;
}
