import { createHash, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { Logger } from "pino";
import { statePaths, type StatePaths } from "../config/paths.ts";
import { recipeSettings } from "../config/recipe-settings.ts";
import type { Config } from "../config/schema.ts";
import { InputError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { StationActions } from "../domain/station-view.ts";
import type { MessengerStats } from "../messaging/messenger-options.ts";
import type { Messenger } from "../messaging/messenger.ts";
import type { JobStatus } from "../training/supervisor.ts";
import type { CameraLine } from "./camera-line.ts";
import { chooseLine } from "./choose-line.ts";
import { InferencePool } from "./infer/pool.ts";
import { inferenceThreads } from "./infer/threads.ts";
import type { PartEvidence } from "./lane.ts";
import type { StationAlarms } from "./station-alarms.ts";
import type { StationFault } from "./station-faults.ts";
import { StationGates } from "./station-gates.ts";
import { StationLinks } from "./station-links.ts";
import { outsideLinks } from "./station-outside.ts";
import { StationReporter } from "./station-reporter.ts";
import { stationCommands, type StationControl } from "./station-commands.ts";
import { jobMessage } from "./station-messages.ts";
import { createLine, lineRecipe, type LinesParts } from "./station-lines.ts";
import { StationRecipes } from "./station-recipes.ts";
import { stationActions } from "./station-actions.ts";
import { RecipeBook } from "./recipe-book.ts";
import { SelectedRecipes } from "./selected-recipes.ts";
import { openMessenger, topicRootOf } from "./station-messenger.ts";
import { StationModels } from "./station-models.ts";
import { StationTraining } from "./station-training.ts";

export interface StationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** assayd's version. */
  readonly software: string;
  /** Other entries of the child processes, for tests. */
  readonly entries?: { readonly capture?: URL; readonly infer?: URL; readonly training?: URL };
  /** systemd's $CREDENTIALS_DIRECTORY. */
  readonly credentialsDirectory?: string;
  readonly onInspection?: (inspection: Inspection) => void;
  readonly onJob?: (status: JobStatus) => void;
}

const TRAINING_ENTRY = new URL("../training/process.ts", import.meta.url);

/** One machine running assayd: composes the data path of every camera, and the retraining path beside it. */
export class Station implements StationControl {
  readonly now = (): number => performance.timeOrigin + performance.now();
  readonly models: StationModels;
  readonly training: StationTraining;
  readonly recipes: StationRecipes;
  readonly actions: StationActions;
  readonly reporter: StationReporter;
  readonly gates: StationGates;
  /** What follows the station from outside. */
  readonly links: StationLinks;
  readonly #options: StationOptions;
  readonly #paths: StatePaths;
  readonly #messenger: Messenger;
  readonly #lines = new Map<string, CameraLine>();
  readonly #inference: InferencePool;
  readonly #book: RecipeBook;
  readonly #session: string;
  readonly #configHash: string;
  #starting: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Makes the state folder and opens the store; nothing runs before `start`. @throws ConfigError */
  static async create(options: StationOptions): Promise<Station> {
    const { config, logger } = options;
    const session = randomUUID();
    await mkdir(config.station.stateDir, { recursive: true });
    let station: Station | null = null;
    const control = (): StationControl => {
      if (!station) throw new InputError("starting", "the station is still starting; send the command again");
      return station;
    };
    const messenger = await openMessenger({
      config,
      session,
      software: options.software,
      credentialsDirectory: options.credentialsDirectory ?? null,
      logger,
      control,
      lineTimes: (camera) => control().line(camera).times.summary,
      onFault: (source, fault) => {
        station?.reporter.note(source, fault);
      },
    });
    station = new Station(options, messenger, session);
    return station;
  }

  private constructor(options: StationOptions, messenger: Messenger, session: string) {
    const { config, logger, entries } = options;
    this.#options = options;
    this.#messenger = messenger;
    this.#session = session;
    this.#paths = statePaths(config.station.stateDir);
    this.#configHash = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 12);
    this.links = new StationLinks(logger);
    this.#book = new RecipeBook(config);
    this.#inference = this.#createInference();
    this.models = new StationModels({
      paths: this.#paths,
      pictureSize: (recipe) => recipeSettings(config, recipe).pictureSize,
      logger,
      event: (kind, data, camera) => {
        messenger.event(kind, data, camera);
      },
      onChange: (line) => {
        this.publishCameraState(line);
      },
    });
    this.recipes = this.#createRecipes();
    this.actions = stationActions({
      line: (camera) => this.line(camera),
      models: this.models,
      recipes: this.recipes,
      training: { start: (lines, by) => this.training.start(lines, by) },
      resetGate: (camera) => {
        this.gates.reset(camera);
      },
      resetCounters: (camera) => {
        messenger.resetCounters(camera);
      },
      event: (kind, data, camera) => {
        messenger.event(kind, data, camera);
      },
      changed: (line) => {
        this.publishCameraState(line);
      },
    });
    this.training = new StationTraining({
      config,
      entry: entries?.training ?? TRAINING_ENTRY,
      models: this.models,
      onChange: (status, line, by) => {
        options.onJob?.(status);
        messenger.states.job(jobMessage(status, line.name, by));
      },
    });
    this.reporter = new StationReporter({
      config,
      configHash: this.#configHash,
      session,
      software: options.software,
      messenger,
      lines: () => this.lines,
      models: this.models,
      training: this.training,
      recipes: this.recipes,
      listeners: this.links,
    });
    this.gates = this.#createGates();
    const parts = this.#lineParts();
    for (const camera of config.cameras) this.#lines.set(camera.name, createLine(camera, parts));
  }

  /** Starts broker connection, models and cameras, in this order. A line without a usable model answers `ERR not_ready`. */
  start(): Promise<void> {
    this.#starting = this.#startAll();
    return this.#starting;
  }

  async #startAll(): Promise<void> {
    await this.#messenger.start();
    this.gates.start();
    for (const line of this.lines) {
      await this.models.loadActive(line);
      if (this.#stopped) return; // SIGTERM came meanwhile
      line.start();
      this.publishCameraState(line);
    }
    this.reporter.start(Object.keys(stationCommands(() => this)));
    const outside = outsideLinks({
      config: this.#options.config,
      topicRoot: this.topicRoot,
      messenger: this.#messenger,
      reporter: this.reporter,
      actions: this.actions,
      line: (camera) => this.line(camera),
      onEncoder: (camera, counts) => {
        const at = performance.now();
        this.gates.encoder(camera, counts, at);
        this.line(camera).encoder(counts, at);
      },
      credentialsDirectory: this.#options.credentialsDirectory ?? null,
      logger: this.#options.logger,
    });
    for (const link of outside) this.links.add(link);
    await this.links.start();
  }

  /** Ends triggers, training, cameras and models, then the broker connection, which says `stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.reporter.stop();
    await this.links.stop();
    await this.training.stop();
    await Promise.all(this.lines.map((line) => line.stop()));
    await this.gates.stop();
    await this.#inference.stop();
    await this.#starting.catch(() => undefined); // who called `start` has its error
    for (const line of this.lines) this.publishCameraState(line); // not ready, for who comes later
    await this.#messenger.stop();
  }

  get lines(): readonly CameraLine[] {
    return [...this.#lines.values()];
  }

  get topicRoot(): string {
    return topicRootOf(this.#options.config);
  }

  get brokerUrl(): string {
    return this.#messenger.address.url;
  }

  get messengerStats(): MessengerStats {
    return this.#messenger.stats;
  }

  /** True if every camera judges its parts. */
  get ready(): boolean {
    return this.reporter.ready;
  }

  /** For systemd's watchdog: every line that should give verdicts does. */
  get progress(): boolean {
    return this.lines.every((line) => line.progressing);
  }

  /** For /healthz, the health topic and the log. */
  get faults(): readonly StationFault[] {
    return this.reporter.faults;
  }

  get alarms(): StationAlarms {
    return this.reporter.alarms;
  }

  line(camera: string | null | undefined): CameraLine {
    return chooseLine(this.#lines, camera ?? undefined);
  }

  linesFor(camera: string | null): readonly CameraLine[] {
    return camera === null ? this.lines : [this.line(camera)];
  }

  async snapshot(line: CameraLine): Promise<{ topic: string; bytes: number }> {
    return this.#messenger.snapshot(await line.snapshot());
  }

  republish(): void {
    this.#messenger.republish();
  }

  publishCameraState(line: CameraLine): void {
    this.reporter.changed(line);
  }

  #lineParts(): LinesParts {
    const { config, logger, entries, onInspection } = this.#options;
    return {
      config,
      paths: this.#paths,
      logger,
      captureEntry: entries?.capture,
      inference: this.#inference,
      session: this.#session,
      now: this.now,
      nextSeq: (camera) => this.#messenger.store.nextSeq(camera),
      firstRecipe: ({ name, recipe }) => this.#book.settings(this.recipes.first(name, recipe)),
      gate: (camera) => this.gates.of(camera),
      onVerdict: (inspection) => {
        this.links.inspected(inspection);
        onInspection?.(inspection);
      },
      onRecord: (inspection, evidence) => {
        this.#record(inspection, evidence);
      },
      onPicture: (camera, triggerId) => {
        this.links.acquired(camera, triggerId);
      },
      onChange: (line) => {
        this.publishCameraState(line);
      },
      onCrashLoop: (line, detail) => void this.models.escapeCrashLoop(line, detail),
      event: (kind, data, camera) => {
        this.#messenger.event(kind, data, camera);
      },
    };
  }

  #createGates(): StationGates {
    return new StationGates({
      cameras: this.#options.config.cameras,
      onEjected: (camera, part) => {
        this.#messenger.store.ejected({ camera, ...part, at: this.now() });
      },
      onFault: (camera, fault) => {
        const line = this.line(camera);
        line.stops.block("output", fault);
        this.reporter.changed(line);
      },
    });
  }

  #createRecipes(): StationRecipes {
    const { config } = this.#options;
    const selected = SelectedRecipes.read(this.#paths.selected);
    if (selected.problem !== null) this.#options.logger.error(selected.problem);
    return new StationRecipes({
      book: this.#book,
      selected,
      models: this.models,
      lineRecipe: (name, recipe) => {
        const camera = config.cameras.find((own) => own.name === name);
        if (!camera) throw new RangeError(`there is no camera ${name}`);
        return lineRecipe(camera, this.#book.settings(recipe), this.#paths);
      },
      onProblem: (camera, text) => {
        this.#options.logger.error({ camera }, text);
        this.#messenger.event("recipe.not-kept", { text }, camera);
      },
    });
  }

  #createInference(): InferencePool {
    const { logger, entries, config } = this.#options;
    const { providers, precision, threads, preparedBundles } = config.inference;
    return new InferencePool({
      providers,
      precision,
      threads: inferenceThreads(threads),
      preparedBundles,
      engineCacheDir: this.#paths.engines,
      ...(entries?.infer && { entry: entries.infer }),
      logger,
      now: () => performance.now(),
    });
  }

  #record(inspection: Inspection, { frame, map }: PartEvidence): void {
    const hash = this.models.manifest(inspection.bundleId)?.sha256["inspector.onnx"]?.slice(0, 16) ?? null;
    const context = {
      recipe: inspection.recipe,
      model: { id: inspection.bundleId, version: null, hash },
    };
    const scale = { low: 0, high: 2 * (inspection.threshold ?? 1) };
    this.#messenger.deliver(inspection, context, frame && { frame, map, scale });
  }
}
