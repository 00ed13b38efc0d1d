import { InferenceError } from "../../domain/errors.ts";
import type { InferOptions, Scored } from "./open-part.ts";
import type { BundleUser, PooledBundle } from "./pooled-bundle.ts";
import type { LoadedReport, ProviderReport } from "./protocol.ts";

/** `crash-loop`: its bundle may have caused five deaths within 60 s; restarts go on, the station should roll back. */
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
  /** Of the process, which serves other cameras too. */
  readonly pid: number | null;
  readonly rssBytes: number | null;
  /** Of whatever judged this camera, since the start. */
  readonly restarts: number;
}

export interface InspectorOptions {
  readonly camera: string;
  readonly onState: (change: InspectorChange) => void;
}

/** What an inspector asks of the pool that holds the bundles of all cameras. */
export interface BundleSource {
  /** Loads a bundle if it is not there, and keeps it. @throws ModelError */
  prepare(bundleDir: string): Promise<PooledBundle>;
  /** Loads a bundle if it is not there, and gives it to `use` at once. @throws ModelError */
  bring(bundleDir: string, use: (bundle: PooledBundle) => void): Promise<PooledBundle>;
  /** Among those that are loaded. @throws ModelError `not-prepared` */
  find(bundleId: string): PooledBundle;
  /** It need not be kept any more. */
  release(bundleId: string): void;
  /** A user goes from one bundle to another; what nobody uses or keeps then is unloaded. */
  change(user: BundleUser, from: PooledBundle | null, to: PooledBundle | null): void;
}

/** One camera's access to the inference that all cameras share: which bundle judges its parts. Nothing here blocks. */
export class Inspector implements BundleUser {
  readonly camera: string;
  readonly #source: BundleSource;
  readonly #onState: (change: InspectorChange) => void;
  #active: PooledBundle | null = null;
  #restarts = 0;
  #stopped = false;

  constructor(source: BundleSource, options: InspectorOptions) {
    this.#source = source;
    this.camera = options.camera;
    this.#onState = options.onState;
  }

  get status(): InspectorStatus {
    const report = this.#active?.report ?? null;
    const process = this.#active?.process ?? null;
    return {
      bundleId: report?.bundleId ?? null,
      provider: report?.provider ?? null,
      ready: process !== null,
      pid: process?.pid ?? null,
      rssBytes: process?.rssBytes ?? null,
      restarts: this.#restarts,
    };
  }

  /**
   * Makes a bundle judge this camera's parts from then on. If it is not there yet it is loaded in a process of its own, its
   * golden frames are proven, and it judges; then it joins the bundles of the other cameras in theirs. One load at a time,
   * in the order of calls.
   * @throws ModelError the old bundle then goes on.
   */
  async load(bundleDir: string): Promise<LoadedReport> {
    const { report } = await this.#source.bring(bundleDir, (bundle) => {
      this.#use(bundle);
    });
    return report;
  }

  /** Loads a bundle as `load` does, but beside the active one; it stays until `release`, or until too many are kept. @throws ModelError */
  async prepare(bundleDir: string): Promise<LoadedReport> {
    const { report } = await this.#source.prepare(bundleDir);
    return report;
  }

  /** Makes a loaded bundle judge from the next part on; takes no time. @throws ModelError `not-prepared` */
  activate(bundleId: string): void {
    this.#use(this.#source.find(bundleId));
  }

  /** A prepared bundle need not stay; if it judges, it goes when it does no more. */
  release(bundleId: string): void {
    this.#source.release(bundleId);
  }

  /**
   * Scores a picture with the bundle that is active now.
   * @param data RGB8 of the bundle's input size
   * @throws InferenceError `not-ready`, `late`, `aborted`, `queue-full`, `process-died`, `model-error`
   */
  infer(data: Uint8Array, options: InferOptions): Promise<Scored> {
    const active = this.#active;
    if (active?.process) {
      return active.process.infer({ camera: this.camera, bundle: active.number }, data, options);
    }
    const why = active === null ? "no model is loaded" : "the inference process is being restarted";
    return Promise.reject(new InferenceError("not-ready", `The part cannot be scored: ${why}.`));
  }

  /** Gives its bundle back: nothing judges this camera's parts until `load`. Parts under way are answered, or are late. */
  deactivate(): void {
    this.#source.change(this, this.#active, null);
    this.#active = null;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.deactivate();
    this.tell("stopped", "stopped");
  }

  /** What happened to the active bundle. */
  tell(state: InspectorChange["state"], detail: string): void {
    if (state === "restarting") this.#restarts += 1;
    this.#onState({ state, bundleId: this.#active?.report.bundleId ?? null, detail });
  }

  #use(bundle: PooledBundle): void {
    if (this.#stopped) return;
    const before = this.#active;
    this.#active = bundle;
    this.#source.change(this, before, bundle);
    this.tell("ready", `${bundle.report.bundleId} on ${bundle.report.provider.provider}`);
  }
}
