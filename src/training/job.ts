import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { statePaths } from "../config/paths.ts";
import { recipeSettings } from "../config/recipe-settings.ts";
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
  const { inputSize, pictureSize, preprocess } = recipeSettings(config, request.recipe);
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

/** Also the id of the bundle that comes out of it: `<recipe>-20261122-051544`. */
function jobId(recipe: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${recipe.slice(0, 40)}-${stamp}`;
}
