import { dirname, resolve } from "node:path";
import { ConfigError, messageOf } from "../domain/errors.ts";
import type { ConfigFiles } from "./config-files.ts";
import { cropProblem, cropProblems } from "./crop-rule.ts";
import { problemsOf } from "./issue-words.ts";
import type { ConfigProblem } from "./problem.ts";
import { readRecipeFiles } from "./recipe-files.ts";
import type { RecipeConfig } from "./recipe-schema.ts";
import { configSchema, type CameraConfig, type Config } from "./schema.ts";
import { YamlSource } from "./yaml-source.ts";

/** Environment variables; looked at: STATE_DIRECTORY, which systemd sets. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration of a file, or the defaults if there is none. Relative paths count from the file's folder; systemd's
 * state folder wins over the file's.
 * @throws ConfigError that lists every problem as `file:line:column key: what is wrong; expected; remedy`.
 */
export function loadConfig(file: string | null, env: Environment, files: ConfigFiles): Config {
  const checked = parseConfig(file === null ? "" : readText(file, files));
  if ("problems" in checked) throw configError(file ?? "defaults", checked.problems);
  const folder = file === null ? resolve(".") : dirname(resolve(file));
  const config = withAbsolutePaths(checked.config, folder);
  return withSystemdState(file === null ? config : withRecipeFiles(config, files), env);
}

/** With the recipes that have files of their own; a name or number may be given once. */
function withRecipeFiles(config: Config, files: ConfigFiles): Config {
  const { recipes: read, problems } = readRecipeFiles(config.recipesDir, files);
  const folder = config.recipesDir;
  const recipes = [...config.recipes];
  const lines = problems.map(({ file, problem }) => problemLine(file, problem));
  for (const recipe of read) {
    const unfit = cropProblem(config.training.method, recipe.inputSize);
    if (unfit !== null) lines.push(`${resolve(folder, recipe.name)}.yaml: inputSize ${unfit}`);
    const twin = recipes.find(
      ({ name, number }) => name === recipe.name || isSameNumber(number, recipe.number),
    );
    if (twin === undefined) recipes.push(withAbsoluteRecipe(recipe, (path) => resolve(folder, path)));
    else
      lines.push(
        `${resolve(folder, recipe.name)}.yaml: has the name or number (${recipe.number ?? "none"}) of recipe "${twin.name}"; give it its own`,
      );
  }
  if (lines.length > 0) throw invalid(lines);
  return { ...config, recipes };
}

/** What a text means as configuration, or everything that is wrong with it. Touches nothing outside. */
export function parseConfig(
  text: string,
): { readonly config: Config } | { readonly problems: readonly ConfigProblem[] } {
  const source = new YamlSource(text);
  const yaml = source.parse();
  if ("problems" in yaml) return yaml;
  const parsed = configSchema.safeParse(yaml.value, { reportInput: false });
  if (!parsed.success) return { problems: problemsOf(parsed.error.issues, source, yaml.value) };
  const problems = [
    ...duplicateNames("cameras", parsed.data.cameras, source),
    ...duplicateNames("recipes", parsed.data.recipes, source),
    ...duplicateNumbers(parsed.data.recipes, source),
    ...cropProblems(parsed.data, source),
  ];
  return problems.length > 0 ? { problems } : { config: parsed.data };
}

/** `file:line:column key: message` of one problem. */
export function problemLine(file: string, problem: ConfigProblem): string {
  const key = problem.key === "" ? "" : ` ${problem.key}`;
  return `${file}:${problem.line}:${problem.column}${key}: ${problem.message}`;
}

function configError(file: string, problems: readonly ConfigProblem[]): ConfigError {
  return invalid(problems.map((problem) => problemLine(file, problem)));
}

function invalid(lines: readonly string[]): ConfigError {
  const count = lines.length === 1 ? "a problem" : `${lines.length} problems`;
  return new ConfigError("config-invalid", `the configuration has ${count}:\n${lines.join("\n")}`);
}

function readText(file: string, files: ConfigFiles): string {
  try {
    return files.readFile(file);
  } catch (error) {
    throw new ConfigError(
      "config-unreadable",
      `cannot read the configuration ${file} (${messageOf(error)}); expected a YAML file; ` +
        `copy config/assayd.yaml there, or name another with --config.`,
      { cause: error },
    );
  }
}

function duplicateNames(
  list: "cameras" | "recipes",
  entries: readonly { readonly name: string }[],
  source: YamlSource,
): readonly ConfigProblem[] {
  return entries.flatMap(({ name }, index) => {
    const first = entries.findIndex((other) => other.name === name);
    if (first === index) return [];
    return [
      {
        ...source.positionOfValue([list, index, "name"]),
        key: `${list}[${index}].name`,
        message: `taken by ${list}[${first}] (got "${name}"); expected a name of its own; give this ${list.slice(0, -1)} another`,
      },
    ];
  });
}

function duplicateNumbers(recipes: readonly RecipeConfig[], source: YamlSource): readonly ConfigProblem[] {
  return recipes.flatMap(({ number }, index) => {
    const first = recipes.findIndex((other) => isSameNumber(other.number, number));
    if (number === undefined || first === index) return [];
    return [
      {
        ...source.positionOfValue(["recipes", index, "number"]),
        key: `recipes[${index}].number`,
        message: `taken by recipes[${first}] (got ${number}); expected a number of its own; give this recipe another`,
      },
    ];
  });
}

function isSameNumber(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && a === b;
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string): string => resolve(folder, path);
  return {
    ...config,
    station: { ...config.station, stateDir: absolute(config.station.stateDir) },
    cameras: config.cameras.map((camera) => withAbsoluteCamera(camera, absolute)),
    training: {
      ...config.training,
      texturesDir: config.training.texturesDir === null ? null : absolute(config.training.texturesDir),
      preprocess: withAbsoluteMask(config.training.preprocess, absolute),
    },
    recipesDir: absolute(config.recipesDir),
    recipes: config.recipes.map((recipe) => withAbsoluteRecipe(recipe, absolute)),
    broker: config.broker.kind === "external" ? brokerWithPaths(config.broker, absolute) : config.broker,
  };
}

function withAbsoluteCamera(camera: CameraConfig, absolute: (path: string) => string): CameraConfig {
  const { source, trigger } = camera;
  return {
    ...camera,
    source: source.kind === "folder" ? { ...source, path: absolute(source.path) } : source,
    trigger:
      trigger.kind === "http" && trigger.tokenFile !== undefined
        ? { ...trigger, tokenFile: absolute(trigger.tokenFile) }
        : trigger,
  };
}

function withAbsoluteRecipe(recipe: RecipeConfig, absolute: (path: string) => string): RecipeConfig {
  return { ...recipe, preprocess: withAbsoluteMask(recipe.preprocess, absolute) };
}

function withAbsoluteMask<P extends { readonly mask?: string | null | undefined }>(
  preprocess: P,
  absolute: (path: string) => string,
): P {
  return preprocess.mask ? { ...preprocess, mask: absolute(preprocess.mask) } : preprocess;
}

type ExternalBroker = Extract<Config["broker"], { kind: "external" }>;

function brokerWithPaths(broker: ExternalBroker, absolute: (path: string) => string): ExternalBroker {
  const files = ["passwordFile", "caFile", "certFile", "keyFile"] as const;
  const changed = files.flatMap((key) => {
    const path = broker[key];
    return path === undefined ? [] : [[key, absolute(path)] as const];
  });
  return { ...broker, ...Object.fromEntries(changed) };
}

function withSystemdState(config: Config, env: Environment): Config {
  const stateDir = env.STATE_DIRECTORY?.split(":")[0]; // several folders are joined by colons (man systemd.exec)
  return stateDir ? { ...config, station: { ...config.station, stateDir } } : config;
}
