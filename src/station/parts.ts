import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Archive } from "../archive/archive.ts";
import { MACHINE_FILES } from "../config/config-files.ts";
import { configHash } from "../config/config-hash.ts";
import { statePaths } from "../config/paths.ts";
import { recipeSettings } from "../config/recipe-settings.ts";
import type { StationActions } from "../domain/station-view.ts";
import type { Messenger } from "../messaging/messenger.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import { chooseLine } from "./choose-line.ts";
import { InferencePool } from "../inspection/infer/pool.ts";
import { inferenceThreads } from "../inspection/infer/threads.ts";
import { RecipeBook } from "./recipe-book.ts";
import { SelectedRecipes } from "./selected-recipes.ts";
import { stationActions } from "./actions.ts";
import { stationDesk, type StationDesk } from "./desk.ts";
import { StationGates } from "./gates.ts";
import { createLine, lineRecipe, type LinesParts } from "./lines.ts";
import { StationLinks } from "./links.ts";
import { jobMessage } from "./messages.ts";
import { StationModels } from "./models.ts";
import type { StationOptions } from "./options.ts";
import { StationRecipes } from "./recipes.ts";
import { StationRecords } from "./records.ts";
import { StationReporter } from "./reporter.ts";
import { studyMessage } from "./study-message.ts";
import { GaugeFile } from "./studies/gauge-file.ts";
import type { StudyStatus } from "./studies/studies.ts";
import { StationTraining } from "./training.ts";

/** All that a station is made of. */
export interface StationParts {
  readonly messenger: Messenger;
  readonly lines: ReadonlyMap<string, CameraLine>;
  readonly models: StationModels;
  readonly training: StationTraining;
  readonly recipes: StationRecipes;
  readonly actions: StationActions;
  readonly reporter: StationReporter;
  readonly gates: StationGates;
  readonly records: StationRecords;
  readonly desk: StationDesk;
  /** What follows the station from outside. */
  readonly links: StationLinks;
  readonly inference: InferencePool;
}

const TRAINING_ENTRY = new URL("../training/process.ts", import.meta.url);

/** Puts a station together; nothing runs yet. What is made first asks for what is made later only once it runs. */
export function composeStation(options: StationOptions, messenger: Messenger, session: string): StationParts {
  const { config, logger } = options;
  const paths = statePaths(config.station.stateDir);
  const lines = new Map<string, CameraLine>();
  const lineOf = (camera: string): CameraLine => chooseLine(lines, camera);
  const event = (kind: string, data: Readonly<Record<string, unknown>>, camera: string): void => {
    messenger.event(kind, data, camera);
  };
  const changed = (line: CameraLine): void => {
    reporter.changed(line);
  };
  const links = new StationLinks(logger);
  const inference = inferencePool(options, paths.engines);
  const models = new StationModels({
    paths,
    lines: () => [...lines.values()],
    pictureSize: (recipe) => recipeSettings(config, recipe).pictureSize,
    logger,
    event,
    onChange: changed,
  });
  const training = stationTraining(options, messenger, models);
  const book = new RecipeBook(config);
  const recipes = stationRecipes(options, messenger, book, models);
  const gates = stationGates(options, messenger, lineOf, changed);
  const gauges = gaugeFile(paths.gauges, logger);
  const records = new StationRecords({
    gauges,
    config,
    folder: paths.evidence,
    messenger,
    models,
    line: lineOf,
    logger,
    now: Date.now,
  });
  const reporter = new StationReporter({
    config,
    configHash: configHash(config),
    session,
    software: options.software,
    messenger,
    lines: () => [...lines.values()],
    models,
    training,
    recipes,
    listeners: links,
    logger,
  });
  const actions = stationActions({ line: lineOf, models, recipes, training, gates, messenger, changed });
  const desk = createDesk(options, messenger, { archive: records.archive, gauges }, lines);
  const made = {
    messenger,
    models,
    training,
    recipes,
    actions,
    reporter,
    gates,
    records,
    desk,
    links,
    inference,
  };
  addLines(lines, options, { ...made, book, session });
  return { ...made, lines };
}

type Made = Omit<StationParts, "lines"> & { readonly book: RecipeBook; readonly session: string };

function addLines(lines: Map<string, CameraLine>, options: StationOptions, made: Made): void {
  const { config, logger, entries } = options;
  const { messenger, recipes, reporter, book } = made;
  const parts: LinesParts = {
    ...made,
    config,
    paths: statePaths(config.station.stateDir),
    logger,
    captureEntry: entries?.capture,
    nextSeq: (camera) => messenger.store.nextSeq(camera),
    firstRecipe: ({ name, recipe }) => book.settings(recipes.first(name, recipe)),
    onInspection: options.onInspection ?? null,
    onChange: (line) => {
      reporter.changed(line);
    },
    event: (kind, data, camera) => {
      messenger.event(kind, data, camera);
    },
  };
  for (const camera of config.cameras) lines.set(camera.name, createLine(camera, parts));
}

function inferencePool({ config, entries, logger }: StationOptions, engineCacheDir: string): InferencePool {
  const { providers, precision, threads, preparedBundles } = config.inference;
  return new InferencePool({
    providers,
    precision,
    threads: inferenceThreads(threads),
    preparedBundles,
    engineCacheDir,
    ...(entries?.infer && { entry: entries.infer }),
    logger,
    now: () => performance.now(),
  });
}

function stationTraining(
  { config, entries, onJob }: StationOptions,
  messenger: Messenger,
  models: StationModels,
): StationTraining {
  return new StationTraining({
    config,
    entry: entries?.training ?? TRAINING_ENTRY,
    models,
    onChange: (status, line, by) => {
      onJob?.(status);
      messenger.states.job(jobMessage(status, line.name, by));
    },
  });
}

function stationGates(
  { config }: StationOptions,
  messenger: Messenger,
  lineOf: (camera: string) => CameraLine,
  changed: (line: CameraLine) => void,
): StationGates {
  return new StationGates({
    cameras: config.cameras,
    onEjected: (camera, part) => {
      messenger.store.ejected({ camera, ...part, at: Date.now() });
    },
    onFault: (camera, fault) => {
      const line = lineOf(camera);
      line.stops.block("output", fault);
      changed(line);
    },
  });
}

function stationRecipes(
  { config, logger }: StationOptions,
  messenger: Messenger,
  book: RecipeBook,
  models: StationModels,
): StationRecipes {
  const paths = statePaths(config.station.stateDir);
  const selected = SelectedRecipes.read(paths.selected);
  if (selected.problem !== null) logger.error(selected.problem);
  return new StationRecipes({
    book,
    selected,
    models,
    lineRecipe: (name, recipe) => {
      const camera = config.cameras.find((own) => own.name === name);
      if (!camera) throw new RangeError(`there is no camera ${name}`);
      return lineRecipe(camera, book.settings(recipe), paths);
    },
    onProblem: (camera, text) => {
      logger.error({ camera }, text);
      messenger.event("recipe.not-kept", { text }, camera);
    },
  });
}

function gaugeFile(path: string, logger: Logger): GaugeFile {
  const gauges = GaugeFile.read(path);
  if (gauges.problem !== null) logger.warn(gauges.problem);
  return gauges;
}

async function keepGauge(gauges: GaugeFile, { state, gauge, endedAt }: StudyStatus): Promise<void> {
  if (state !== "completed" || endedAt === null || !gauge?.bundleId) return;
  const { recipe, bundleId, sigma } = gauge;
  await gauges.keep(recipe, { bundleId, sigma, at: new Date(endedAt).toISOString() });
}

function createDesk(
  { config, configFile = null, logger }: StationOptions,
  messenger: Messenger,
  { archive, gauges }: { readonly archive: Archive; readonly gauges: GaugeFile },
  lines: ReadonlyMap<string, CameraLine>,
): StationDesk {
  const paths = statePaths(config.station.stateDir);
  return stationDesk({
    config,
    configFile,
    env: process.env,
    files: MACHINE_FILES,
    stateDir: config.station.stateDir,
    paths,
    archive,
    archiveDir: paths.evidence,
    store: messenger.store,
    line: (camera) => chooseLine(lines, camera),
    activeBundles: () => [...lines.values()].flatMap(({ inspector }) => inspector.status.bundleId ?? []),
    onStudy: (status) => {
      const message = studyMessage(status);
      messenger.states.job(message);
      keepGauge(gauges, status).catch((error: unknown) => {
        logger.warn({ err: error }, "the gauge study holds until the next start only");
      });
      if (status.endedAt !== null) messenger.event(`${status.type}.done`, { ...message }, status.camera);
    },
    newId: () => randomUUID(),
    now: Date.now,
  });
}
