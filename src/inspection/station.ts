import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { BundleManifest } from "../bundles/manifest.ts";
import { BundleStore } from "../bundles/store.ts";
import { readThresholdOverride, writeThresholdOverride } from "../bundles/write.ts";
import { statePaths, type StatePaths } from "../config/paths.ts";
import type { CameraConfig, Config } from "../config/schema.ts";
import { InputError, ModelError, messageOf } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import { uuid7 } from "../domain/uuid7.ts";
import { Messenger, type MessengerStats } from "../messaging/messenger.ts";
import { Collector } from "../training/collect.ts";
import { createJob } from "../training/job.ts";
import { TrainingSupervisor, type JobStatus } from "../training/supervisor.ts";
import { CameraLine, chooseLine } from "./camera-line.ts";
import { Camera } from "./capture/camera.ts";
import { Inspector } from "./infer/inspector.ts";
import type { PartEvidence } from "./lane.ts";
import { stationCommands, type StationControl } from "./station-commands.ts";
import { cameraStateMessage, faultOf, jobMessage } from "./station-messages.ts";

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

const HEALTH_EVERY_MS = 10_000;
const HEARTBEAT_EVERY_MS = 1000;
const TRAINING_ENTRY = new URL("../training/process.ts", import.meta.url);

/** One machine running assayd: composes the data path of every camera, and the retraining path beside it. */
export class Station implements StationControl {
  readonly now = (): number => performance.timeOrigin + performance.now();
  readonly training: TrainingSupervisor;
  readonly #options: StationOptions;
  readonly #paths: StatePaths;
  readonly #bundles: BundleStore;
  readonly #messenger: Messenger;
  readonly #lines = new Map<string, CameraLine>();
  readonly #manifests = new Map<string, BundleManifest>();
  readonly #since = new Map<string, { code: string | null; at: string }>();
  readonly #faults = new Map<string, { code: string; text: string }>();
  readonly #session: string;
  readonly #configHash: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #job: { line: CameraLine; by: string | null } | null = null;
  #jobFinished: Promise<JobStatus> = Promise.reject(new Error("no job yet"));

  /** Opens the store and loads the active bundles; nothing inspects before `start`. @throws ConfigError, ModelError */
  static async create(options: StationOptions): Promise<Station> {
    const { config, logger } = options;
    const paths = statePaths(config.station.stateDir);
    const session = randomUUID();
    await mkdir(config.station.stateDir, { recursive: true });
    let station: Station | null = null;
    const control = (): StationControl => {
      if (!station) throw new InputError("starting", "the station is still starting; send the command again");
      return station;
    };
    const messenger = await Messenger.open({
      station: config.station.name,
      root: config.station.topicRoot ?? `assay/v1/${config.station.name}`,
      session,
      software: options.software,
      cameras: config.cameras.map(({ name }) => name),
      broker: config.broker,
      images: config.images,
      store: { file: paths.store, ...config.outbox },
      handlers: stationCommands(control),
      credentialsDirectory: options.credentialsDirectory ?? null,
      logger,
      now: Date.now,
      random: randomBytes,
      onFault: (source, fault) => station?.noteFault(source, fault),
    });
    station = new Station(options, messenger, session, paths);
    return station;
  }

  private constructor(options: StationOptions, messenger: Messenger, session: string, paths: StatePaths) {
    this.#options = options;
    this.#messenger = messenger;
    this.#session = session;
    this.#paths = paths;
    this.#bundles = new BundleStore(paths);
    this.#configHash = createHash("sha256").update(JSON.stringify(options.config)).digest("hex").slice(0, 12);
    this.#jobFinished.catch(() => undefined);
    this.training = new TrainingSupervisor({
      entry: options.entries?.training ?? TRAINING_ENTRY,
      now: Date.now,
      onChange: (status) => {
        if (status.state !== "completed") this.#publishJob(status); // completed is said after promotion
      },
    });
    for (const camera of options.config.cameras) this.#lines.set(camera.name, this.#createLine(camera));
  }

  /** Starts broker connection, cameras and models, in this order. A missing or damaged model is no error: its parts are ERR. */
  async start(): Promise<void> {
    await this.#messenger.start();
    this.#publishInfo();
    for (const line of this.#lines.values()) {
      await this.#loadActive(line);
      line.start();
      this.publishCameraState(line);
    }
    this.#every(HEARTBEAT_EVERY_MS, () => {
      this.#messenger.heartbeat(this.ready, this.faults.length > 0);
      for (const line of this.#lines.values()) this.publishCameraState(line);
    });
    this.#every(HEALTH_EVERY_MS, () => {
      this.#publishHealth();
    });
    this.#publishHealth();
  }

  /** Ends triggers, training, cameras and models, then the broker connection, which says `stopped`. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.training.stop();
    await Promise.all([...this.#lines.values()].map((line) => line.stop()));
    await this.#messenger.stop();
  }

  get lines(): readonly CameraLine[] {
    return [...this.#lines.values()];
  }

  get topicRoot(): string {
    const { station } = this.#options.config;
    return station.topicRoot ?? `assay/v1/${station.name}`;
  }

  get brokerUrl(): string {
    return this.#messenger.brokerUrl;
  }

  get messengerStats(): MessengerStats {
    return this.#messenger.stats;
  }

  /** True if every camera judges its parts. */
  get ready(): boolean {
    return this.lines.every((line) => faultOf(line) === null);
  }

  /** For systemd's watchdog: the event loop turns and every line that should give verdicts does. */
  get progress(): boolean {
    return this.lines.every((line) => line.progressing);
  }

  /** What is wrong now, for /healthz and the log. */
  get faults(): readonly { readonly source: string; readonly code: string; readonly text: string }[] {
    const own = this.lines.flatMap((line) => {
      const fault = faultOf(line);
      return fault ? [{ source: line.name, ...fault }] : [];
    });
    return [...own, ...[...this.#faults].map(([source, fault]) => ({ source, ...fault }))];
  }

  /** Settles when the last started job has ended and, if it was completed, its bundle judges. */
  get jobFinished(): Promise<JobStatus> {
    return this.#jobFinished;
  }

  line(camera: string | null | undefined): CameraLine {
    return chooseLine(this.#lines, camera ?? undefined);
  }

  linesFor(camera: string | null): readonly CameraLine[] {
    return camera === null ? this.lines : [this.line(camera)];
  }

  /** Trains the line's recipe from its collected normals; the new bundle is promoted when it is done. @returns the job's id */
  startTraining(line: CameraLine, by: string | null = null): string {
    const job = createJob(this.#options.config, {
      recipe: line.recipe,
      normalsDir: line.collector.folder,
      parent: this.#bundles.active(line.recipe),
      now: new Date(),
    });
    if (this.training.running) this.training.start(job); // throws, in words
    this.#job = { line, by };
    this.#jobFinished = this.#train(line, job);
    this.#jobFinished.catch(() => undefined);
    return job.id;
  }

  cancelTraining(jobId: string | undefined): string {
    const running = this.training.running ? this.training.status?.job.id : undefined;
    if (running === undefined || (jobId !== undefined && jobId !== running)) {
      throw new InputError("no-job", `${jobId === undefined ? "no job" : `job ${jobId}`} is not running; running: ${running ?? "none"}`);
    }
    this.training.cancel();
    return running;
  }

  /** Makes a bundle judge: loaded and golden-checked in a process of its own first, then the pointer moves. @throws ModelError */
  async promote(line: CameraLine, bundleId: string, by: string | null): Promise<void> {
    const manifest = await this.#bundles.verify(bundleId);
    if (manifest.recipe !== line.recipe) {
      throw new ModelError("wrong-recipe", `bundle ${bundleId} belongs to recipe "${manifest.recipe}", camera ${line.name} has "${line.recipe}"`);
    }
    await this.#load(line, manifest);
    await this.#bundles.promote(line.recipe, bundleId);
    this.#messenger.event("model.promoted", { model_id: bundleId, parent: manifest.parent, by }, line.name);
    this.publishCameraState(line);
  }

  async rollback(line: CameraLine, by: string | null): Promise<string> {
    const parent = this.#bundles.parentOfActive(line.recipe);
    await this.promote(line, parent, by);
    return parent;
  }

  async setThreshold(line: CameraLine, limits: { reject: number; warn: number | null }, by: string | null): Promise<void> {
    const { bundleId } = line.inspector.status;
    if (bundleId === null) throw new InputError("no-model", `camera ${line.name} has no model yet, so there is no threshold to set`);
    const old = line.thresholdsOf(bundleId);
    const record = { value: limits.reject, warn: limits.warn, bundleId, by: by ?? "mqtt", at: new Date().toISOString() };
    await writeThresholdOverride(this.#paths.active, line.recipe, record);
    line.setThresholds(bundleId, limits);
    this.#messenger.event("threshold.set", { model_id: bundleId, old, new: limits, by }, line.name);
    this.publishCameraState(line);
  }

  async snapshot(line: CameraLine): Promise<{ topic: string; bytes: number }> {
    return this.#messenger.snapshot(await line.snapshot());
  }

  republish(): void {
    this.#messenger.republish();
  }

  publishCameraState(line: CameraLine): void {
    const { bundleId } = line.inspector.status;
    const code = faultOf(line)?.code ?? null;
    if (this.#since.get(line.name)?.code !== code) this.#since.set(line.name, { code, at: new Date().toISOString() });
    this.#messenger.cameraState(
      line.name,
      cameraStateMessage(line, {
        manifest: bundleId === null ? null : (this.#manifests.get(bundleId) ?? null),
        lastSeq: line.lastSeq,
        configHash: this.#configHash,
        since: this.#since.get(line.name)?.at ?? "",
      }),
    );
  }

  /** Faults of broker and store, kept for health; both go on by themselves. */
  noteFault(source: "mqtt" | "store", fault: { readonly code: string; readonly text: string } | null): void {
    if (fault) this.#faults.set(source, fault);
    else this.#faults.delete(source);
  }

  #createLine(config: CameraConfig): CameraLine {
    const { logger, config: whole, entries } = this.#options;
    const { inference, station } = whole;
    const camera = new Camera({
      config,
      size: { width: station.inputSize, height: station.inputSize },
      ...(entries?.capture && { entry: entries.capture }),
      logger,
      now: () => performance.now(),
      onFrame: (frame, missed) => {
        line.takeFrame(frame, missed);
      },
      onState: ({ state, code, message }) => {
        this.#messenger.event("camera.state", { state, code, message }, config.name);
        this.publishCameraState(line);
      },
    });
    const inspector = new Inspector({
      providers: inference.providers,
      precision: inference.precision,
      threads: inference.threads || availableParallelism(),
      engineCacheDir: this.#paths.engines,
      ...(entries?.infer && { entry: entries.infer }),
      logger,
      now: () => performance.now(),
      onState: ({ state, detail }) => {
        if (state === "crash-loop") void this.#escapeCrashLoop(line, detail);
        else if (state !== "stopped") this.publishCameraState(line);
      },
    });
    const line = new CameraLine({
      config,
      session: this.#session,
      firstSeq: this.#messenger.store.nextSeq(config.name),
      camera,
      inspector,
      collector: new Collector(join(this.#paths.datasets, config.recipe), () => undefined),
      clock: { wall: this.now, mono: () => performance.now() },
      newId: () => uuid7(Date.now(), randomBytes(10)),
      wantMap: () => whole.images.heatmap || whole.images.overlay,
      onVerdict: (inspection) => {
        this.#options.onInspection?.(inspection);
      },
      onRecord: (inspection, evidence) => {
        this.#record(line, inspection, evidence);
      },
    });
    return line;
  }

  #record(line: CameraLine, inspection: Inspection, { frame, map }: PartEvidence): void {
    const manifest = inspection.bundleId === null ? undefined : this.#manifests.get(inspection.bundleId);
    const context = {
      recipe: { id: line.recipe, version: null, hash: null },
      model: { id: inspection.bundleId, version: null, hash: manifest?.sha256["inspector.onnx"]?.slice(0, 16) ?? null },
    };
    const scale = { low: 0, high: 2 * (inspection.threshold ?? 1) };
    this.#messenger.deliver(inspection, context, frame && { frame, map, scale });
  }

  async #train(line: CameraLine, job: ReturnType<typeof createJob>): Promise<JobStatus> {
    this.training.start(job);
    const status = await this.training.finished;
    if (status.state !== "completed" || !status.result) return status;
    try {
      await this.promote(line, status.result.bundleId, this.#job?.by ?? null);
      this.#publishJob(status);
      return status;
    } catch (error) {
      const failed: JobStatus = { ...status, state: "failed", result: null, error: { code: "promote", message: messageOf(error) } };
      this.#publishJob(failed);
      return failed;
    }
  }

  #publishJob(status: JobStatus): void {
    this.#options.onJob?.(status);
    if (this.#job) this.#messenger.job(jobMessage(status, this.#job.line.name, this.#job.by));
  }

  async #load(line: CameraLine, manifest: BundleManifest): Promise<void> {
    const override = await readThresholdOverride(this.#paths.active, line.recipe, manifest.id);
    this.#manifests.set(manifest.id, manifest);
    await line.load(this.#bundles.dir(manifest.id), manifest.id, {
      reject: override?.value ?? manifest.threshold.value,
      warn: override?.warn ?? null,
    });
  }

  async #loadActive(line: CameraLine): Promise<void> {
    try {
      const id = this.#bundles.active(line.recipe);
      if (id !== null) await this.#load(line, await this.#bundles.verify(id));
    } catch (error) {
      this.#options.logger.error({ camera: line.name, err: error }, "the active model cannot be used; parts are rejected");
      this.#messenger.event("model.unusable", { text: messageOf(error) }, line.name);
    }
  }

  /** A model that keeps killing its process is rolled back, if there is something to go back to. */
  async #escapeCrashLoop(line: CameraLine, detail: string): Promise<void> {
    this.#messenger.event("model.crash-loop", { text: detail }, line.name);
    try {
      const parent = await this.rollback(line, "assayd");
      this.#options.logger.error({ camera: line.name, parent, detail }, "model crashed again and again; rolled back");
    } catch (error) {
      this.#options.logger.error({ camera: line.name, detail, err: error }, "model crashes again and again; parts are rejected");
    }
  }

  #publishInfo(): void {
    const { cameras } = this.#options.config;
    this.#messenger.info({
      node: process.version,
      hardware: `${process.arch}, ${availableParallelism()} cores`,
      cameras: cameras.map(({ name, source, recipe }) => ({ name, source: source.kind, recipe })),
      recipes: [...new Set(cameras.map(({ recipe }) => recipe))],
      commands: Object.keys(stationCommands(() => this)),
      capabilities: ["train", "heatmap", "overlay"],
    });
  }

  #publishHealth(): void {
    const [fault] = this.faults;
    this.#messenger.health({
      uptime_s: process.uptime(),
      fault: fault ? { code: fault.code, text: fault.text, since: new Date().toISOString() } : null,
      memory_bytes: process.memoryUsage.rss(),
      restarts: Object.fromEntries(
        this.lines.flatMap((line) => [
          [`capture:${line.name}`, line.camera.status.restarts],
          [`inference:${line.name}`, line.inspector.status.restarts],
        ]),
      ),
    });
  }

  #every(periodMs: number, work: () => void): void {
    this.#timers.push(setInterval(work, periodMs));
  }
}
