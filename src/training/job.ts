import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/schema.ts";
import { statePaths } from "../config/paths.ts";
import { recipeSettings, type RecipeSettings } from "../config/recipe-settings.ts";
import { ConfigError } from "../domain/errors.ts";
import type { NormalsSource, TrainingJob } from "./protocol.ts";

/**
 * A training job for a recipe, or for several (`alsoFor`) that share the bundle. Its working folder belongs to the (first)
 * recipe, not to the job: what an interrupted job left there (features, checkpoints; each named by what it depends on) is
 * used again.
 */
export function createJob(
  config: Config,
  request: NormalsSource & { readonly alsoFor?: readonly NormalsSource[]; readonly now: Date },
): TrainingJob {
  const paths = statePaths(config.station.stateDir);
  const { training } = config;
  const { inputSize, pictureSize, preprocess } = sharedSettings(config, [
    request.recipe,
    ...(request.alsoFor ?? []).map(({ recipe }) => recipe),
  ]);
  return {
    id: jobId(request.recipe, request.now),
    jobDir: join(paths.jobs, request.recipe),
    recipe: request.recipe,
    normalsDir: request.normalsDir,
    parent: request.parent,
    alsoFor: request.alsoFor ?? [],
    teacherDir: join(paths.teachers, config.teacher),
    bundlesDir: paths.bundles,
    inputSize,
    pictureSize,
    training: { ...training, preprocess },
    texturesDir: training.texturesDir,
    threads: training.threads || availableParallelism(),
    nice: training.nice,
    memoryLimitMb: training.memoryLimitMb,
  };
}

/** The settings of recipes that share a model: they must be the same, since one graph prepares all pictures. */
function sharedSettings(config: Config, recipes: readonly string[]): RecipeSettings {
  const [first, ...others] = recipes.map((recipe) => ({ recipe, settings: recipeSettings(config, recipe) }));
  if (!first) throw new RangeError("A job needs a recipe; got none.");
  const other = others.find(
    ({ settings }) => !isDeepStrictEqual(pictureSettings(settings), pictureSettings(first.settings)),
  );
  if (other === undefined) return first.settings;
  throw new ConfigError(
    "recipes-differ",
    `Recipes ${first.recipe} and ${other.recipe} cannot share a model: their inputSize or preprocess settings differ. ` +
      "Give them the same under recipes, or train them one by one.",
  );
}

function pictureSettings({ inputSize, pictureSize, preprocess }: RecipeSettings) {
  return { inputSize, pictureSize, preprocess };
}

/** Also the id of the bundle that comes out of it: `<recipe>-20261122-051544`. */
function jobId(recipe: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${recipe.slice(0, 40)}-${stamp}`;
}
