import { basename, join } from "node:path";
import { messageOf } from "../domain/errors.ts";
import type { ConfigFiles } from "./config-files.ts";
import { problemsOf } from "./issue-words.ts";
import { name } from "./name.ts";
import type { ConfigProblem } from "./problem.ts";
import { recipeFileSchema, type RecipeConfig } from "./recipe-schema.ts";
import { YamlSource } from "./yaml-source.ts";

const SUFFIX = /\.ya?ml$/;

/** Something that is wrong in a recipe's own file. */
export interface RecipeFileProblem {
  readonly file: string;
  readonly problem: ConfigProblem;
}

/** The recipes of a folder, one file each, in the order of their names; none if the folder is not there. */
export function readRecipeFiles(
  folder: string,
  files: ConfigFiles,
): { readonly recipes: readonly RecipeConfig[]; readonly problems: readonly RecipeFileProblem[] } {
  const recipes: RecipeConfig[] = [];
  const problems: RecipeFileProblem[] = [];
  const names = files.listFolder?.(folder) ?? [];
  for (const file of names.filter((entry) => SUFFIX.test(entry) && !entry.startsWith(".")).toSorted()) {
    const path = join(folder, file);
    const read = readRecipe(path, files);
    if ("recipe" in read) recipes.push(read.recipe);
    else problems.push(...read.problems.map((problem) => ({ file: path, problem })));
  }
  return { recipes, problems };
}

function readRecipe(
  path: string,
  files: ConfigFiles,
): { readonly recipe: RecipeConfig } | { readonly problems: readonly ConfigProblem[] } {
  const stem = name.safeParse(basename(path).replace(SUFFIX, ""));
  if (!stem.success)
    return wrongFile(`cannot name a recipe: ${stem.error.issues[0]?.message ?? ""}; rename it`);
  let text: string;
  try {
    text = files.readFile(path);
  } catch (error) {
    return wrongFile(`cannot be read (${messageOf(error)}); expected a YAML file`);
  }
  const source = new YamlSource(text);
  const yaml = source.parse();
  if ("problems" in yaml) return yaml;
  const parsed = recipeFileSchema.safeParse(yaml.value, { reportInput: false });
  if (!parsed.success) return { problems: problemsOf(parsed.error.issues, source, yaml.value) };
  return { recipe: { name: stem.data, ...parsed.data } };
}

function wrongFile(message: string): { readonly problems: readonly ConfigProblem[] } {
  return { problems: [{ line: 1, column: 1, key: "", message }] };
}
