import { resolve } from "node:path";
import { Command } from "commander";
import { BundleStore } from "../bundles/store.ts";
import { MACHINE_FILES } from "../config/config-files.ts";
import { loadConfig } from "../config/load.ts";
import { statePaths } from "../config/paths.ts";
import type { TrainingConfig } from "../config/schema.ts";
import { InputError } from "../domain/errors.ts";
import type { JobResult } from "../domain/job.ts";
import { instantWords, judgesInstantly } from "../training/instant-start.ts";
import { jobError } from "../training/job-error.ts";
import { createJob } from "../training/job.ts";
import type { TrainingJob } from "../training/protocol.ts";
import { TrainingSupervisor, type JobStatus } from "../training/supervisor.ts";
import { TerminalView } from "./terminal-view.ts";
import { productFolders } from "./train/products.ts";

interface TrainFlags {
  readonly config?: string;
  readonly stateDir?: string;
  readonly recipe: string;
  readonly promote?: true;
  readonly json?: true;
}

const HELP = `
Several products may share one model: assayd train bottle=DIR can=DIR --promote (method snl is made for this). Each gets its own
threshold from its own good parts.

With --json the last line of stdout is one object: bundleId, bundleDir, threshold, falseRejectRateLow, falseRejectRateHigh,
alsoFor (recipe, threshold, falseRejectRate of each further product), parityMaxAbs, images, trainSeconds, choice (why, with method
auto; else null), promoted.`;

const ENTRY = new URL("../training/process.ts", import.meta.url);

/** `assayd train`: both stages from a folder of good pictures, outside of any running station. */
export function trainCommand(): Command {
  return new Command("train")
    .description("Train a model from a folder of good pictures (flat, or MVTec form: train/good)")
    .argument("<images...>", "the folder; for several products NAME=DIR each")
    .option("-c, --config <file>", "configuration (method, teacher, input size, state folder)")
    .option("--state-dir <dir>", "state folder, instead of the configuration's")
    .option("--recipe <name>", "the product that the model is for", "default")
    .option("--promote", "make it the recipe's active model when it is done")
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(train);
}

async function train(images: readonly string[], flags: TrainFlags): Promise<void> {
  const loaded = loadConfig(flags.config ?? null, process.env, MACHINE_FILES);
  const stateDir = flags.stateDir === undefined ? loaded.station.stateDir : resolve(flags.stateDir);
  const config = {
    ...loaded,
    station: { ...loaded.station, stateDir },
    training: flags.promote ? loaded.training : withoutInstantModel(loaded.training),
  };
  const store = new BundleStore(statePaths(stateDir));
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const products = productFolders(images, flags.recipe);
  const [first, ...alsoFor] = products.map((product) => ({
    ...product,
    parent: store.active(product.recipe),
  }));
  if (!first) throw new InputError("product-names", "Name the folder of good parts.");
  const job = createJob(config, { ...first, alsoFor, now: new Date() });
  const status = await runJob(job, view, async ({ bundleId, trainSeconds }) => {
    const { instant } = config.training;
    const waiting = products.filter(({ recipe }) => judgesInstantly(instant, store.active(recipe)));
    for (const { recipe } of waiting) await store.promote(recipe, bundleId);
    if (waiting.length === 0) return;
    view.say(
      `instant model ${bundleId} after ${trainSeconds.toFixed(0)} s: active until the training is done`,
    );
  });
  if (!status.result)
    throw jobError(status, "the training", instantWords(status, store.active(first.recipe)));
  const { falseRejectRate, ...result } = status.result;
  if (flags.promote) for (const { recipe } of products) await store.promote(recipe, result.bundleId);
  if (result.choice !== null) view.say(result.choice);
  view.say(
    `model ${result.bundleId} from ${result.images} good parts in ${result.trainSeconds.toFixed(0)} s, ${limitWords(first.recipe, result)}; ` +
      (flags.promote ? "it is active now" : `make it active with: assayd models promote ${result.bundleId}`),
  );
  if (flags.json) {
    const flat = { falseRejectRateLow: falseRejectRate.low, falseRejectRateHigh: falseRejectRate.high };
    process.stdout.write(`${JSON.stringify({ ...result, ...flat, promoted: flags.promote === true })}\n`);
  }
}

/** "limit 3.10", or with several products "limit 3.10 (bottle), 4.20 (can)". */
function limitWords(
  recipe: string,
  { threshold, alsoFor }: Pick<JobResult, "threshold" | "alsoFor">,
): string {
  if (alsoFor.length === 0) return `limit ${threshold.toFixed(2)}`;
  const limits = [{ recipe, threshold }, ...alsoFor];
  return `limit ${limits.map((own) => `${own.threshold.toFixed(2)} (${own.recipe})`).join(", ")}`;
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
  const instant: Promise<void>[] = []; // at most one
  const supervisor = new TrainingSupervisor({
    entry: ENTRY,
    now: Date.now,
    onChange: ({ state, progress, instant: model }) => {
      if (state === "running" && progress) view.job(progress);
      if (model === null || instant.length > 0) return;
      instant.push(onInstant(model));
      instant[0]?.catch(() => undefined); // awaited when the job has ended
    },
  });
  const onInterrupt = (): void => {
    if (supervisor.running) supervisor.cancel();
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  supervisor.start(job);
  const status = await supervisor.finished;
  await Promise.all(instant);
  process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  return status;
}
