import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { InputError } from "../domain/errors.ts";
import { benchText } from "./bench/report.ts";
import type { BenchFlags } from "./bench/run-bench.ts";
import { TerminalView } from "./terminal-view.ts";

const HELP = `
Everything is measured in one run on this machine: a real station (simulated camera through GStreamer, 48 rendered parts
in turns, embedded broker, one subscriber) in processes of its own, and beside it ONNX Runtime in a bare loop.
Without --bundle a model is trained first from rendered parts; its steps may be few, since only speed counts: the graph
is that of the default recipe. The training step's time includes reading features and reporting.
  speed    station and bare loop take turns, pictures (heatmap, overlay) off; a frame counts when its result has reached
           the subscriber; 3 parts under way
  cameras  with --cameras N: N cameras on one inference process and one of them alone take turns, as many parts under way
           in both; the share of the camera that had the fewest parts judged
  latency  10 parts a second, pictures as by default
  memory   --frames parts at full speed, pictures as by default; growth after the first quarter

With --json the last line of stdout is one object: threads, provider, stationFramesPerSecond, bareFramesPerSecond,
throughputRatio, cameras, camerasFramesPerSecond, camerasRatio, camerasLeastShare, inspectorMs, teacherMs,
inspectorToTeacherRatio, latencyMsP50, latencyMsP99, inferMsP50, inferMsP99, overheadMsP99, failedParts, amplifyStepMs,
distillStepMs, trainingPeakMb, mainPeakMb, inferencePeakMb, capturePeakMb, flatParts, mainSlopeKbPer1000,
inferenceSlopeKbPer1000, captureSlopeKbPer1000. Null: not measured (--train-steps 0).`;

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
    .option("--cameras <n>", "also compare so many cameras with one, 1: not", cameraCount, 1)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(bench);
}

async function bench(flags: BenchFlags & { readonly json?: true }): Promise<void> {
  if (flags.bundle === undefined && flags.trainSteps === 0) {
    throw new InputError(
      "bench-no-model",
      "--train-steps 0 leaves nothing to measure; name a model with --bundle",
    );
  }
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const stateDir = await mkdtemp(join(tmpdir(), "assayd-bench-"));
  const remove = (): Promise<void> => rm(stateDir, { recursive: true, force: true });
  const onSignal = (): void => void remove().finally(() => process.exit(130)); // the children follow us
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const { runBench } = await import("./bench/run-bench.ts"); // the daemon must not carry what only a bench needs
    const figures = await runBench(flags, stateDir, view);
    view.say(benchText(figures));
    if (flags.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await remove();
  }
}

function positiveInteger(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}

/** A lane has at most so many parts under way. */
const MOST_CAMERAS = 8;

function cameraCount(text: string): number {
  const value = positiveInteger(text);
  if (value > MOST_CAMERAS) throw new InvalidArgumentError(`expected 1 to ${MOST_CAMERAS}`);
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
