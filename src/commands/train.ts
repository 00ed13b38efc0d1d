import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { BundleStore } from "../bundles/store.ts";
import { loadConfig } from "../config/load.ts";
import { statePaths } from "../config/paths.ts";
import type { TrainingConfig } from "../config/schema.ts";
import { TrainingError } from "../domain/errors.ts";
import type { JobResult } from "../domain/job.ts";
import { judgesInstantly } from "../training/instant-start.ts";
import { createJob } from "../training/job.ts";
import type { TrainingJob } from "../training/protocol.ts";
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
parityMaxAbs, images, trainSeconds, choice (why, with method auto; else null), promoted.`;

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
  const config = {
    ...loaded,
    station: { ...loaded.station, stateDir },
    training: flags.promote ? loaded.training : withoutInstantModel(loaded.training),
  };
  const store = new BundleStore(statePaths(stateDir));
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const job = createJob(config, {
    recipe: flags.recipe,
    normalsDir: resolve(images),
    parent: store.active(flags.recipe),
    now: new Date(),
  });
  const status = await runJob(job, view, async ({ bundleId, trainSeconds }) => {
    if (!judgesInstantly(config.training.instant, store.active(flags.recipe))) return;
    await store.promote(flags.recipe, bundleId);
    view.say(
      `instant model ${bundleId} after ${trainSeconds.toFixed(0)} s: active until the training is done`,
    );
  });
  if (!status.result)
    throw new TrainingError(
      status.error?.code ?? status.state,
      status.error?.message ?? `training was ${status.state}`,
    );
  if (flags.promote) await store.promote(flags.recipe, status.result.bundleId);
  const { falseRejectRate, ...result } = status.result;
  if (result.choice !== null) view.say(result.choice);
  view.say(
    `model ${result.bundleId} from ${result.images} good parts in ${result.trainSeconds.toFixed(0)} s, limit ${result.threshold.toFixed(2)}; ` +
      (flags.promote ? "it is active now" : `make it active with: assayd models promote ${result.bundleId}`),
  );
  if (flags.json) {
    const flat = { falseRejectRateLow: falseRejectRate.low, falseRejectRateHigh: falseRejectRate.high };
    process.stdout.write(`${JSON.stringify({ ...result, ...flat, promoted: flags.promote === true })}\n`);
  }
}

/** Where nothing is promoted, nothing needs to judge meanwhile. */
function withoutInstantModel(training: TrainingConfig): TrainingConfig {
  return { ...training, instant: { ...training.instant, start: "never" } };
}

async function runJob(
  job: TrainingJob,
  view: TerminalView,
  onInstant: (model: JobResult) => Promise<void>,
): Promise<JobStatus> {
  let instant: Promise<void> | null = null;
  const supervisor = new TrainingSupervisor({
    entry: ENTRY,
    now: Date.now,
    onChange: ({ state, progress, instant: model }) => {
      if (state === "running" && progress) view.job(progress);
      if (model === null || instant !== null) return;
      instant = onInstant(model);
      instant.catch(() => undefined); // awaited when the job has ended
    },
  });
  const onInterrupt = (): void => {
    if (supervisor.running) supervisor.cancel();
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  supervisor.start(job);
  const status = await supervisor.finished;
  await instant;
  process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  return status;
}
