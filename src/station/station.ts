import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { InputError } from "../domain/errors.ts";
import { configHash } from "../config/config-hash.ts";
import type { MessengerStats } from "../messaging/messenger-options.ts";
import type { Messenger } from "../messaging/messenger.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import { chooseLine } from "./choose-line.ts";
import { stationCommands, type StationControl } from "./commands.ts";
import { stationControl } from "./control.ts";
import type { StationFault } from "./faults.ts";
import type { StationGates } from "./gates.ts";
import { openMessenger, topicRootOf } from "./messenger.ts";
import type { StationModels } from "./models.ts";
import type { StationOptions } from "./options.ts";
import { outsideLinks } from "./outside.ts";
import { composeStation, type StationParts } from "./parts.ts";
import type { StationRecords } from "./records.ts";
import type { StationReporter } from "./reporter.ts";
import type { StationTraining } from "./training.ts";

export type { StationOptions };

const SAFE_MODE = {
  code: "safe-mode",
  text:
    "assayd failed five times within a minute. It judges nothing and rejects every part, without a model. Look at the log, mend the " +
    "cause, then restart the service.",
};

/** One machine running assayd: the data path of every camera, and the retraining path beside it. */
export class Station {
  readonly #options: StationOptions;
  readonly #parts: StationParts;
  readonly #control: StationControl;
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
      return station.#control;
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
        if (source === "store") station?.records.storeFailed(fault?.code ?? null);
      },
    });
    station = new Station(options, messenger, session);
    return station;
  }

  private constructor(options: StationOptions, messenger: Messenger, session: string) {
    this.#options = options;
    this.#parts = composeStation(options, messenger, session);
    this.#control = stationControl(options.config, this.#parts);
  }

  /** Starts broker connection, models and cameras, in this order. A line without a usable model answers `ERR not_ready`. */
  start(): Promise<void> {
    this.#starting = this.#startAll();
    return this.#starting;
  }

  async #startAll(): Promise<void> {
    const { messenger, records, gates, models, reporter, links } = this.#parts;
    await messenger.start();
    const { software, config, safeMode = false } = this.#options;
    messenger.event("station.started", { software, config_hash: configHash(config), safe_mode: safeMode });
    if (this.#isStopped()) return;
    await records.start();
    if (this.#isStopped()) return;
    gates.start();
    for (const line of this.lines) {
      if (this.#options.safeMode === true) line.stops.stop(SAFE_MODE);
      else await models.loadActive(line);
      if (this.#isStopped()) return;
      line.start();
      reporter.changed(line);
    }
    reporter.start(Object.keys(stationCommands(() => this.#control)));
    for (const link of this.#outsideLinks()) links.add(link);
    await links.start();
  }

  /** Asked anew after each step: SIGTERM may come at any time. */
  #isStopped(): boolean {
    return this.#stopped;
  }

  /** Ends triggers, training, cameras and models, then the broker connection, which says `stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const { messenger, records, gates, desk, reporter, links, training, inference } = this.#parts;
    reporter.stop();
    await links.stop();
    await training.stop();
    await Promise.all(this.lines.map((line) => line.stop()));
    await gates.stop();
    await desk.studies.stop();
    await inference.stop();
    await this.#starting.catch(() => undefined); // who called `start` has its error
    await records.stop();
    for (const line of this.lines) reporter.changed(line); // not ready, for who comes later
    messenger.event("station.stopped", {});
    await messenger.stop();
  }

  get lines(): readonly CameraLine[] {
    return [...this.#parts.lines.values()];
  }

  get models(): StationModels {
    return this.#parts.models;
  }

  get training(): StationTraining {
    return this.#parts.training;
  }

  get gates(): StationGates {
    return this.#parts.gates;
  }

  /** What is kept of the parts. */
  get records(): StationRecords {
    return this.#parts.records;
  }

  /** How it is, for pages and links. */
  get reporter(): StationReporter {
    return this.#parts.reporter;
  }

  get topicRoot(): string {
    return topicRootOf(this.#options.config);
  }

  get brokerUrl(): string {
    return this.#parts.messenger.address.url;
  }

  get messengerStats(): MessengerStats {
    return this.#parts.messenger.stats;
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

  line(camera: string | null | undefined): CameraLine {
    return chooseLine(this.#parts.lines, camera ?? undefined);
  }

  #outsideLinks() {
    const { config, credentialsDirectory = null, logger } = this.#options;
    const { messenger, reporter, actions, gates } = this.#parts;
    return outsideLinks({
      config,
      topicRoot: this.topicRoot,
      messenger,
      reporter,
      actions,
      line: (camera) => this.line(camera),
      onEncoder: (camera, counts) => {
        const at = performance.now();
        gates.encoder(camera, counts, at);
        if (this.line(camera).encoder(counts, at)) return;
        messenger.event("encoder.leapt", { counts }, camera);
        gates.loseTrack(camera);
      },
      onTriggerLatency: (camera, ms) => this.#options.onTriggerLatency?.(camera, ms),
      credentialsDirectory,
      logger,
    });
  }
}
