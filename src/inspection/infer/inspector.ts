import type { Logger } from "pino";
import { InferenceError, messageOf, ModelError } from "../../domain/errors.ts";
import { Backoff, type ChildExit } from "../../system/children.ts";
import type { ProviderName, ProviderReport } from "./protocol.ts";
import { InferenceWorker, type InferOptions, type LoadedReport, type Scored } from "./worker.ts";

export interface InspectorOptions {
  /** What the inference process runs; another file in tests. */
  readonly entry?: URL;
  readonly providers: readonly ProviderName[];
  /** CPU threads of the model; 0: all cores. */
  readonly threads: number;
  readonly precision: "fp32" | "fp16";
  readonly engineCacheDir: string;
  /** A part unanswered for so long means that the process hangs: it is killed and restarted. Default 3000. */
  readonly hangTimeoutMs?: number;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onState: (change: InspectorChange) => void;
}

/** `crash-loop`: five deaths of the same bundle within 60 s; restarts go on, the station should roll back. */
export interface InspectorChange {
  readonly state: "ready" | "restarting" | "crash-loop" | "stopped";
  readonly bundleId: string | null;
  /** For people. */
  readonly detail: string;
}

export interface InspectorStatus {
  /** The bundle that judges, or will again after a restart; null before the first load. */
  readonly bundleId: string | null;
  readonly provider: ProviderReport | null;
  readonly ready: boolean;
  readonly pid: number | null;
  readonly rssBytes: number | null;
  /** Since the start, of all bundles. */
  readonly restarts: number;
}

interface Active {
  readonly bundleDir: string;
  readonly report: LoadedReport;
  /** Null while it is being restarted. */
  worker: InferenceWorker | null;
  readonly crashes: number[];
  readonly backoff: Backoff;
}

const PROCESS_ENTRY = new URL("./process.ts", import.meta.url);
const DEFAULT_HANG_TIMEOUT_MS = 3000;
const CRASH_LOOP = { crashes: 5, withinMs: 60_000 } as const;
const RESTART = { firstMs: 100, maxMs: 10_000 } as const;

/**
 * The main process's side of inference: keeps one process with the active bundle alive, and swaps bundles without losing
 * a part. Nothing here blocks.
 */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #workers = new Set<InferenceWorker>();
  #active: Active | null = null;
  #loading: Promise<unknown> = Promise.resolve();
  #restartTimer: NodeJS.Timeout | null = null;
  #restarts = 0;
  #stopped = false;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  get status(): InspectorStatus {
    const worker = this.#active?.worker ?? null;
    return {
      bundleId: this.#active?.report.bundleId ?? null,
      provider: this.#active?.report.provider ?? null,
      ready: worker !== null,
      pid: worker?.pid ?? null,
      rssBytes: worker?.rssBytes ?? null,
      restarts: this.#restarts,
    };
  }

  /**
   * Loads a bundle into a second process and, when its golden frames are right, gives it all parts from then on; the old
   * process ends after it has answered its own. One load at a time, in the order of calls.
   * @throws ModelError the old bundle then goes on.
   */
  load(bundleDir: string): Promise<LoadedReport> {
    const result = this.#loading.then(() => this.#swap(bundleDir));
    this.#loading = result.catch(() => undefined);
    return result;
  }

  /**
   * Scores a picture with the bundle that is active now.
   * @param data RGB8 of the bundle's input size
   * @throws InferenceError `not-ready`, `late`, `aborted`, `queue-full`, `process-died`, `model-error`
   */
  infer(data: Uint8Array, options: InferOptions): Promise<Scored> {
    const worker = this.#active?.worker;
    if (worker) return worker.infer(data, options);
    const why = this.#active === null ? "no model is loaded" : "the inference process is being restarted";
    return Promise.reject(new InferenceError("not-ready", `The part cannot be scored: ${why}.`));
  }

  /** Ends all processes; parts under way are rejected. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    if (this.#active) this.#active.worker = null;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#loading;
    this.#changed("stopped", "stopped");
  }

  async #swap(bundleDir: string): Promise<LoadedReport> {
    if (this.#stopped)
      throw new ModelError("stopped", `Bundle ${bundleDir} was not loaded: the station is stopping.`);
    const worker = this.#start(bundleDir);
    const report = await this.#whenLoaded(worker);
    const old = this.#active;
    this.#cancelRestart();
    const backoff = new Backoff(RESTART.firstMs, RESTART.maxMs);
    this.#active = { bundleDir, report, worker, crashes: [], backoff };
    this.#logReady(report, worker);
    void old?.worker?.retire();
    return report;
  }

  #start(bundleDir: string): InferenceWorker {
    const { entry = PROCESS_ENTRY, providers, threads, precision, engineCacheDir, now } = this.#options;
    const worker: InferenceWorker = new InferenceWorker({
      entry,
      load: { type: "load", bundleDir, providers, threads, precision, engineCacheDir },
      hangTimeoutMs: this.#options.hangTimeoutMs ?? DEFAULT_HANG_TIMEOUT_MS,
      now,
      onExit: (exit) => {
        this.#workers.delete(worker);
        if (this.#active?.worker === worker) this.#crashed(this.#active, exit);
      },
    });
    this.#workers.add(worker);
    return worker;
  }

  async #whenLoaded(worker: InferenceWorker): Promise<LoadedReport> {
    try {
      return await worker.loaded;
    } catch (error) {
      await worker.stop();
      throw error;
    }
  }

  #crashed(active: Active, exit: ChildExit): void {
    active.worker = null;
    this.#scheduleRestart(
      active,
      `the inference process ended (${exit.signal ?? `code ${exit.code ?? "none"}`})`,
    );
  }

  #scheduleRestart(active: Active, why: string): void {
    const now = this.#options.now();
    const recent = active.crashes.filter((at) => now - at < CRASH_LOOP.withinMs);
    if (recent.length === 0) active.backoff.reset();
    active.crashes.splice(0, Infinity, ...recent, now);
    const delayMs = active.backoff.next();
    this.#options.logger.warn(
      { bundleId: active.report.bundleId, why, delayMs },
      "inference process restarts",
    );
    this.#changed("restarting", why);
    if (active.crashes.length === CRASH_LOOP.crashes) {
      this.#changed(
        "crash-loop",
        `${why}; ${CRASH_LOOP.crashes} times within ${CRASH_LOOP.withinMs / 1000} s`,
      );
    }
    this.#restartTimer = setTimeout(() => void this.#restart(active), delayMs);
  }

  async #restart(active: Active): Promise<void> {
    this.#restarts += 1;
    const worker = this.#start(active.bundleDir);
    try {
      const report = await this.#whenLoaded(worker);
      if (this.#isCurrent(active)) {
        active.worker = worker;
        this.#logReady(report, worker);
      } else await worker.stop();
    } catch (error) {
      if (this.#isCurrent(active)) this.#scheduleRestart(active, messageOf(error));
    }
  }

  /** False once another bundle was loaded while this one was being restarted. */
  #isCurrent(active: Active): boolean {
    return this.#active === active && !this.#stopped;
  }

  #cancelRestart(): void {
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#restartTimer = null;
  }

  #logReady(report: LoadedReport, worker: InferenceWorker): void {
    const { bundleId, provider, goldenMaxDiff, loadMs } = report;
    this.#options.logger.info({ bundleId, provider, goldenMaxDiff, loadMs, pid: worker.pid }, "model ready");
    this.#changed("ready", `${bundleId} on ${provider.provider}`);
  }

  #changed(state: InspectorChange["state"], detail: string): void {
    this.#options.onState({ state, bundleId: this.#active?.report.bundleId ?? null, detail });
  }
}
