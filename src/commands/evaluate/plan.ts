import { basename, join } from "node:path";
import { statePaths } from "../../config/paths.ts";
import type { MethodConfig } from "../../config/method-schema.ts";
import type { Config } from "../../config/schema.ts";
import type { DataSet } from "../../datasets/data-set.ts";
import type { Category } from "../../datasets/layout.ts";
import { keyOf } from "../../training/checkpoint.ts";
import { createJob } from "../../training/job.ts";
import type { TrainingJob } from "../../training/protocol.ts";

/** What is to be measured: every category of a data set with every seed, by one method. */
export interface EvaluationPlan {
  /** Method, teacher, input size and the rest as a device would have them; the seed is the cell's. */
  readonly config: Config;
  readonly dataSet: DataSet;
  readonly seeds: readonly number[];
  /** Trainings at the same time. */
  readonly jobs: number;
  /** CPU threads of each. */
  readonly threads: number;
  /** Also measures shorter trainings and the threshold that the test pictures would choose. */
  readonly oracle: boolean;
  /** Where models and job folders go. */
  readonly workDir: string;
  /** Where finished cells are kept and found again. */
  readonly cellsDir: string;
}

/** One training to measure. */
export interface CellPlan {
  readonly key: string;
  readonly category: Category;
  readonly seed: number;
}

/** Every cell of a plan. Its key changes with all that its figures depend on, but for the machine; of the code a cell bears its version. */
export function cellsOf({ config, dataSet, seeds, oracle }: EvaluationPlan): CellPlan[] {
  const { training, teacher, station } = config;
  const settings = { ...training, seed: 0, nice: 0, threads: 0, memoryLimitMb: 0 };
  return dataSet.categories.flatMap((category) =>
    seeds.map((seed) => {
      const pictures = [category.normals, category.test.map(({ file, truth }) => [file, truth])];
      const key = keyOf(pictures, settings, teacher, station.inputSize, seed, oracle);
      return { key, category, seed };
    }),
  );
}

/** The training job of a cell, by a method that may be a shortened one. */
export function jobOf(
  plan: EvaluationPlan,
  { category, seed, key }: CellPlan,
  cell: { readonly method: MethodConfig; readonly normalsDir: string; readonly now: Date },
): TrainingJob {
  const { config, workDir, threads } = plan;
  const instant = { ...config.training.instant, start: "never" as const }; // nothing is inspected meanwhile
  const training = { ...config.training, method: cell.method, instant, seed, threads };
  const recipe = recipeOf(category.name, seed, keyOf(key, cell.method));
  const job = createJob(
    { ...config, training, station: { ...config.station, stateDir: workDir } },
    { recipe, normalsDir: cell.normalsDir, parent: null, now: cell.now },
  );
  return { ...job, teacherDir: teacherDirOf(config) };
}

/** Teachers stay with the station: only what is learned goes to the working folder. */
function teacherDirOf({ station, teacher }: Config): string {
  return join(statePaths(station.stateDir).teachers, basename(teacher));
}

/** A recipe's name is the beginning of a bundle's id: small letters, digits, dashes. */
function recipeOf(category: string, seed: number, key: string): string {
  const letters = category.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `e${key.slice(0, 8)}-s${seed}-${letters}`.replace(/-+$/, "");
}
