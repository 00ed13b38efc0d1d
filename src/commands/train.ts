import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { BundleStore } from "../bundles/store.ts";
import { loadConfig } from "../config/load.ts";
import { statePaths } from "../config/paths.ts";
import { TrainingError } from "../domain/errors.ts";
import { createJob } from "../training/job.ts";
import { TrainingSupervisor, type JobStatus } from "../training/supervisor.ts";
import { TerminalView } from "./terminal-view.ts";

interface TrainFlags {
  readonly config?: string;
  readonly stateDir?: string;
  readonly recipe: string;
  readonly promote?: true;
  readonly json?: true;
}

const HELP = `
With --json the last line of stdout is one object: bundleId, bundleDir, threshold, falseRejectRateLow, falseRejectRateHigh,
parityMaxAbs, images, trainSeconds, promoted.`;

const ENTRY = new URL("../training/process.ts", import.meta.url);

/** `assayd train`: both stages from a folder of good pictures, outside of any running station. */
export function trainCommand(): Command {
  return new Command("train")
    .description("Train a model from a folder of good pictures (flat, or MVTec form: train/good)")
    .argument("<images>", "the folder")
    .option("-c, --config <file>", "configuration (method, teacher, input size, state folder)")
    .option("--state-dir <dir>", "state folder, instead of the configuration's")
    .option("--recipe <name>", "the product that the model is for", "default")
    .option("--promote", "make it the recipe's active model when it is done")
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(train);
}

async function train(images: string, flags: TrainFlags): Promise<void> {
  const loaded = loadConfig(flags.config ?? null, process.env, {
    readFile: (path) => readFileSync(path, "utf8"),
  });
  const stateDir = flags.stateDir === undefined ? loaded.station.stateDir : resolve(flags.stateDir);
  const config = { ...loaded, station: { ...loaded.station, stateDir } };
  const store = new BundleStore(statePaths(stateDir));
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const job = createJob(config, {
    recipe: flags.recipe,
    normalsDir: resolve(images),
    parent: store.active(flags.recipe),
    now: new Date(),
  });
  const status = await runJob(job, view);
  if (!status.result)
    throw new TrainingError(
      status.error?.code ?? status.state,
      status.error?.message ?? `training was ${status.state}`,
    );
  if (flags.promote) await store.promote(flags.recipe, status.result.bundleId);
  const { falseRejectRate, ...result } = status.result;
  view.say(
    `model ${result.bundleId} from ${result.images} good parts in ${result.trainSeconds.toFixed(0)} s, limit ${result.threshold.toFixed(2)}; ` +
      (flags.promote ? "it is active now" : `make it active with: assayd models promote ${result.bundleId}`),
  );
  if (flags.json) {
    const flat = { falseRejectRateLow: falseRejectRate.low, falseRejectRateHigh: falseRejectRate.high };
    process.stdout.write(`${JSON.stringify({ ...result, ...flat, promoted: flags.promote === true })}\n`);
  }
}

async function runJob(job: ReturnType<typeof createJob>, view: TerminalView): Promise<JobStatus> {
  const supervisor = new TrainingSupervisor({
    entry: ENTRY,
    now: Date.now,
    onChange: ({ state, progress }) => {
      if (state === "running" && progress) view.job(progress);
    },
  });
  const onInterrupt = (): void => {
    if (supervisor.running) supervisor.cancel();
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  supervisor.start(job);
  const status = await supervisor.finished;
  process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  return status;
}
