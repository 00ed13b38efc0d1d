import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { servedRecipe, servedRecipes, type BundleManifest } from "../../bundles/manifest.ts";
import { MANIFEST_FILE, readManifest } from "../../bundles/read.ts";
import { BundleStore } from "../../bundles/store.ts";
import { statePaths } from "../../config/paths.ts";
import { InputError } from "../../domain/errors.ts";
import { evaluateBundle, type EvaluationReport } from "../../evaluation/evaluate.ts";
import { evaluationText } from "../../evaluation/report.ts";
import { listLine } from "../../imaging/picture-folder.ts";
import { loadScorer } from "../../inspection/infer/scorer.ts";
import { createLogger } from "../../system/logger.ts";
import { stoppable } from "./stoppable.ts";

export interface BundleFlags {
  readonly bundle?: string;
  readonly recipe?: string;
  readonly stateDir: string;
  readonly threads: number;
  readonly json?: true;
}

/** Measures an existing model on the test pictures of one folder. @throws InputError, ModelError, InferenceError */
export async function evaluateExisting(dir: string, flags: BundleFlags): Promise<void> {
  const { line } = await listLine(dir);
  const paths = statePaths(resolve(flags.stateDir));
  const { bundleDir, recipe } = await findBundle(new BundleStore(paths), flags);
  const { threshold } = servedRecipe(await readManifest(bundleDir), recipe);
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

/**
 * Folder of the model that the flags mean, and the recipe whose threshold counts.
 * @throws InputError `recipe-missing`, `no-active-bundle`; ModelError of a bundle that cannot be read
 */
async function findBundle(
  store: BundleStore,
  { bundle, recipe, stateDir }: BundleFlags,
): Promise<{ readonly bundleDir: string; readonly recipe: string }> {
  if (bundle !== undefined) {
    const bundleDir = existsSync(join(bundle, MANIFEST_FILE)) ? resolve(bundle) : store.dir(bundle);
    return { bundleDir, recipe: recipe ?? onlyServed(await readManifest(bundleDir)) };
  }
  const meant = recipe ?? (await onlyRecipe(store, stateDir));
  const id = store.active(meant);
  if (id !== null) return { bundleDir: store.dir(id), recipe: meant };
  throw new InputError(
    "no-active-bundle",
    `Recipe ${meant} has no active model in ${stateDir}. Teach one with "assayd train", or name a model with --bundle.`,
  );
}

/** Each product of a model has its own threshold. */
function onlyServed(manifest: BundleManifest): string {
  const recipes = servedRecipes(manifest).map((served) => served.recipe);
  if (recipes.length === 1) return manifest.recipe;
  throw new InputError(
    "recipe-missing",
    `Model ${manifest.id} judges ${recipes.join(", ")}, each by its own threshold. Add --recipe <name>.`,
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

/** One line that is redrawn, on a terminal only. */
function showProgress(done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done < total ? `\r${done} of ${total} pictures` : "\r\u001b[K");
}
