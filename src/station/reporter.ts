import { servedRecipes } from "../bundles/manifest.ts";
import type { Logger } from "pino";
import type { Config } from "../config/schema.ts";
import type { HealthView, LineView, StationListener, StationView } from "../domain/station-view.ts";
import { uncheckedLimits } from "../imaging/quality/check-quality.ts";
import type { Messenger } from "../messaging/messenger.ts";
import { ClockWatch } from "../system/clock-step.ts";
import { MachineHealthReader, type MachineHealth } from "../system/health.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import { faultOf, lineTotals, lineView } from "./line-view.ts";
import { severityOf, StationAlarms } from "./alarms.ts";
import { StationFaults, type StationFault } from "./faults.ts";
import { cameraStateMessage, healthMessage, infoMessage } from "./messages.ts";
import type { StationModels } from "./models.ts";
import type { StationRecipes } from "./recipes.ts";
import type { StationTraining } from "./training.ts";

const HEALTH_EVERY_MS = 10_000;
const HEARTBEAT_EVERY_MS = 1000;

export interface ReporterParts {
  readonly config: Config;
  readonly configHash: string;
  readonly session: string;
  readonly software: string;
  readonly messenger: Messenger;
  readonly lines: () => readonly CameraLine[];
  readonly models: Pick<StationModels, "manifestOf">;
  readonly training: Pick<StationTraining, "running" | "job">;
  readonly recipes: Pick<StationRecipes, "all">;
  readonly listeners: StationListener;
  readonly logger: Logger;
}

/** Knows how the station is and tells the plant: states, faults and alarms when they change, heartbeat and health by the clock. */
export class StationReporter {
  readonly alarms: StationAlarms;
  readonly #parts: ReporterParts;
  readonly #faults: StationFaults;
  readonly #machine: MachineHealthReader;
  readonly #clock = new ClockWatch(() => ({ wallMs: Date.now(), monotonicMs: performance.now() }));
  readonly #timers: NodeJS.Timeout[] = [];
  #health: MachineHealth = {
    cpu: null,
    gpu: null,
    temperatureC: null,
    throttled: null,
    diskFreeBytes: null,
  };

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#machine = new MachineHealthReader({ root: "/", stateDir: parts.config.station.stateDir });
    const nowIso = (): string => new Date().toISOString();
    this.alarms = new StationAlarms({
      nowIso,
      onChange: (source, code, alarm) => {
        const camera = this.#isCamera(source) ? source : null;
        parts.messenger.states.alarm(camera, code, alarm && { ...alarm });
      },
    });
    this.#faults = new StationFaults(nowIso, (ended, begun) => {
      const { logger } = parts;
      if (begun) logger.warn({ source: begun.source, code: begun.code }, begun.text);
      else if (ended) logger.info({ source: ended.source, code: ended.code }, "works again");
      if (ended) this.alarms.clear(ended.source, ended.code);
      if (begun) this.alarms.raise(begun.source, begun.code, severityOf(begun.code), begun.text);
    });
  }

  /** Says who the station is, then heartbeat every second and health every ten. @param commands that it takes */
  start(commands: readonly string[]): void {
    const { messenger, config, recipes } = this.#parts;
    messenger.states.info(infoMessage(config, recipes.all, commands));
    this.#every(HEARTBEAT_EVERY_MS, () => {
      const running = this.#parts.lines().every(({ lane }) => lane.running); // after cmd/stop a part is ERR not_ready
      messenger.heartbeat(this.ready && running, this.faults.length > 0);
      for (const line of this.#parts.lines()) this.changed(line);
      this.#checkClock();
    });
    void this.#publishHealth();
    this.#every(HEALTH_EVERY_MS, () => void this.#publishHealth());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** True if every camera judges its parts. */
  get ready(): boolean {
    return this.#parts.lines().every((line) => faultOf(line) === null);
  }

  get faults(): readonly StationFault[] {
    for (const line of this.#parts.lines()) this.#faults.note(line.name, faultOf(line));
    return this.#faults.all;
  }

  /** What is wrong with something that is no camera (`mqtt`, `store`, `plc` …); null: nothing any more. */
  note(source: string, fault: { readonly code: string; readonly text: string } | null): void {
    this.#faults.note(source, fault);
  }

  /** A line may look different now. */
  changed(line: CameraLine): void {
    const { messenger, models, listeners } = this.#parts;
    const { provider } = line.inspector.status;
    const facts = { seq: line.lastSeq, manifest: models.manifestOf(line), provider };
    messenger.states.camera(line.name, cameraStateMessage(this.line(line), facts));
    listeners.lineChanged?.(line.name);
  }

  /** A line as it stands now. */
  line(line: CameraLine): LineView {
    const { models, messenger, training, configHash } = this.#parts;
    this.#faults.note(line.name, faultOf(line));
    this.#faults.note(`quality/${line.name}`, this.#uncheckedQuality(line));
    const own = (source: string): boolean => source.endsWith(`/${line.name}`) || !this.#isCamera(source);
    return lineView(line, {
      manifest: models.manifestOf(line),
      fault: this.#faults.of(line.name),
      warnings: this.#faults.all.filter(({ source }) => source !== line.name && own(source)),
      totals: lineTotals(messenger.store.counters(line.name)),
      training: training.running,
      configHash,
    });
  }

  /** Limits of the recipe that its model cannot check. */
  #uncheckedQuality(line: CameraLine): { readonly code: string; readonly text: string } | null {
    const manifest = this.#parts.models.manifestOf(line);
    const served = manifest && servedRecipes(manifest).find(({ recipe }) => recipe === line.recipe);
    const text = served && uncheckedLimits(served.quality, line.lineRecipe.quality);
    return text ? { code: "quality-unchecked", text } : null;
  }

  /** The whole station as it stands now. */
  get view(): StationView {
    const { config, session, software, recipes, training, lines } = this.#parts;
    return {
      name: config.station.name,
      session,
      software,
      recipes: recipes.all,
      lines: lines().map((line) => this.line(line)),
      health: this.#healthView(),
      job: training.job,
    };
  }

  #healthView(): HealthView {
    return {
      ...this.#health,
      memoryBytes: process.memoryUsage.rss(),
      outboxDepth: this.#parts.messenger.stats.queued,
      uptimeS: process.uptime(),
    };
  }

  async #publishHealth(): Promise<void> {
    this.#health = await this.#machine.read();
    this.#parts.messenger.states.health(healthMessage(this.#parts.lines(), this.faults, this.#health));
  }

  /** Steps change neither order nor verdicts (promises.md R21), but whoever reads time stamps must know. */
  #checkClock(): void {
    const stepMs = this.#clock.check();
    if (stepMs !== null) this.#parts.messenger.event("clock.step", { step_ms: Math.round(stepMs) });
  }

  #isCamera(source: string): boolean {
    return this.#parts.lines().some(({ name }) => name === source);
  }

  #every(periodMs: number, work: () => void): void {
    this.#timers.push(setInterval(work, periodMs));
  }
}
