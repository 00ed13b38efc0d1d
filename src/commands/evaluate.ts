import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { Command, InvalidArgumentError } from "commander";
import { MANIFEST_FILE, readManifest } from "../bundles/read.ts";
import { BundleStore } from "../bundles/store.ts";
import { statePaths } from "../config/paths.ts";
import { InputError } from "../domain/errors.ts";
import { evaluateBundle, type EvaluationReport } from "../evaluation/evaluate.ts";
import { evaluationText } from "../evaluation/report.ts";
import { listLine } from "../imaging/picture-folder.ts";
import { loadScorer } from "../inspection/infer/scorer.ts";
import { createLogger } from "../system/logger.ts";

interface Flags {
  readonly bundle?: string;
  readonly recipe?: string;
  readonly stateDir: string;
  readonly threads: number;
  readonly json?: true;
}

const HELP = `
With --json the last line of stdout is one object: bundleId, provider, good, bad, imageAuroc, imageAp, imageF1Max, pixelAuroc,
pixelAurocError, pixelAp, pixelF1Max, aupro (false-positive rate to 0.3), aupro005 (to 0.05), withoutMask, perDefect
(pictures, imageAuroc, caughtShare of each kind), threshold, falseRejectRate, escapeRate, latencyMsP50, latencyMsP99,
decodeMsP50, evaluateSeconds. A value that the pictures do not allow is null.`;

/** `assayd evaluate`: how well a bundle tells good from bad on a folder of test pictures, and how fast. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Measure a model on a folder of test pictures, with the code that inspects parts")
    .argument(
      "<dir>",
      "MVTec form: test/good, test/<defect>, ground_truth/<defect> (train/good is not looked at)",
    )
    .option("--bundle <id|dir>", "which model (else the active one)")
    .option("--recipe <name>", "whose active model (not needed if only one recipe has a model)")
    .option("--state-dir <dir>", "state folder of the station", ".state")
    .option("--threads <n>", "CPU threads of the model; 0: all cores", wholeNumber, 0)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(evaluate);
}

async function evaluate(dir: string, flags: Flags): Promise<void> {
  const { line } = await listLine(dir);
  const paths = statePaths(resolve(flags.stateDir));
  const bundleDir = await findBundle(new BundleStore(paths), flags);
  const { threshold } = await readManifest(bundleDir);
  const scorer = await loadScorer({
    bundleDir,
    providers: ["tensorrt", "cuda", "cpu"],
    threads: flags.threads,
    precision: "fp16",
    engineCacheDir: paths.engines,
    logger: createLogger({ level: "warn", format: "text", write: (text) => process.stderr.write(text) }),
    searchPath: process.env.PATH ?? "",
  });
  const report = await stoppable((signal) =>
    evaluateBundle({
      line,
      size: scorer.size,
      threshold: threshold.value,
      score: async (rgb) => {
        const { score, map } = await scorer.score(rgb, threshold.value);
        return { score, map: map.values, mapSize: map.size };
      },
      now: () => performance.now(),
      signal,
      onProgress: showProgress,
    }),
  );
  const { bundleId, provider } = scorer;
  process.stdout.write(`model ${bundleId} on ${provider.provider}\n${evaluationText(report)}\n`);
  if (flags.json) process.stdout.write(`${jsonLine(bundleId, provider.provider, report)}\n`);
}

function jsonLine(bundleId: string, provider: string, report: EvaluationReport): string {
  return JSON.stringify({ bundleId, provider, ...report });
}

/** Folder of the model that the flags mean. @throws InputError `recipe-missing`, `no-active-bundle` */
async function findBundle(store: BundleStore, { bundle, recipe, stateDir }: Flags): Promise<string> {
  if (bundle !== undefined)
    return existsSync(join(bundle, MANIFEST_FILE)) ? resolve(bundle) : store.dir(bundle);
  const id = store.active(recipe ?? (await onlyRecipe(store, stateDir)));
  if (id !== null) return store.dir(id);
  throw new InputError(
    "no-active-bundle",
    `Recipe ${recipe ?? ""} has no active model in ${stateDir}. Teach one with "assayd train", or name a model with --bundle.`,
  );
}

async function onlyRecipe(store: BundleStore, stateDir: string): Promise<string> {
  const recipes = (await store.list()).flatMap(({ activeFor }) => activeFor);
  const [only] = recipes;
  if (only !== undefined && recipes.length === 1) return only;
  throw new InputError(
    "recipe-missing",
    recipes.length === 0
      ? `No recipe has an active model in ${stateDir}. Teach one with "assayd train", name a model with --bundle, or another --state-dir.`
      : `Add --recipe <name>; these have models: ${recipes.join(", ")}.`,
  );
}

/** Runs until done or Ctrl-C. */
async function stoppable<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    stop.abort(new InputError("interrupted", "The evaluation was stopped; nothing was written."));
  };
  process.once("SIGINT", onInterrupt);
  try {
    return await run(stop.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** One line that is redrawn, on a terminal only. */
function showProgress(done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done < total ? `\r${done} of ${total} pictures` : "\r\u001b[K");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("A whole number from 0 is expected.");
}
