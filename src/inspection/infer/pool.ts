import type { Logger } from "pino";
import { messageOf, ModelError } from "../../domain/errors.ts";
import { InferenceProcess, type ProcessExit } from "./inference-process.ts";
import { Inspector, type BundleSource, type InspectorOptions } from "./inspector.ts";
import { CRASH_LOOP, CrashHistory, type BundleUser, type PooledBundle } from "./pooled-bundle.ts";
import type { LoadSettings } from "./protocol.ts";

export interface InferencePoolOptions extends LoadSettings {
  /** What an inference process runs; another file in tests. */
  readonly entry?: URL;
  /** Bundles that may be kept without judging; of more, the one that was used longest ago goes. */
  readonly preparedBundles: number;
  /** A part unanswered for so long means that the process hangs: it is killed and restarted. Default 3000. */
  readonly hangTimeoutMs?: number;
  /** A bundle that died with its process stays alone for so long. Default 60 s. */
  readonly aloneMs?: number;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly now: () => number;
}

const PROCESS_ENTRY = new URL("./process.ts", import.meta.url);
const DEFAULT_HANG_TIMEOUT_MS = 3000;
/** A new bundle judges at once where it was proven, and joins the others then: what it replaces may be gone by then. */
const JOIN_AFTER_MS = 1000;

/**
 * The bundles of all cameras, in one inference process that they share. What has not proven itself runs in a process of its
 * own, so that it can hurt no other camera: a bundle until it was loaded once and its golden frames were right, and a
 * bundle that was running or being loaded when a process died, until it has lived for a minute. Nothing here blocks.
 */
export class InferencePool implements BundleSource {
  readonly #options: InferencePoolOptions;
  /** By folder; the one used longest ago first. */
  readonly #bundles = new Map<string, PooledBundle>();
  readonly #processes = new Set<InferenceProcess>();
  /** Null until the first bundle is loaded, and while it is being restarted. */
  #shared: InferenceProcess | null = null;
  /** Bundles whose process died through no fault of theirs: the next shared process loads them. */
  readonly #homeless = new Set<PooledBundle>();
  readonly #sharedCrashes = new CrashHistory();
  #sharedTimer: NodeJS.Timeout | null = null;
  /** Ends with the last load that was asked for: one at a time. */
  #loads: Promise<unknown> = Promise.resolve();
  #nextNumber = 1;
  #stopped = false;

  constructor(options: InferencePoolOptions) {
    this.#options = options;
  }

  /** One camera's access. */
  client(options: InspectorOptions): Inspector {
    return new Inspector(this, options);
  }

  prepare(bundleDir: string): Promise<PooledBundle> {
    return this.#inTurn(async () => {
      const bundle = await this.#load(bundleDir);
      bundle.isKept = true;
      this.#tidy();
      return bundle;
    });
  }

  bring(bundleDir: string, use: (bundle: PooledBundle) => void): Promise<PooledBundle> {
    return this.#inTurn(async () => {
      const bundle = await this.#load(bundleDir);
      use(bundle);
      this.#tidy();
      return bundle;
    });
  }

  find(bundleId: string): PooledBundle {
    const found = [...this.#bundles.values()].find(({ report }) => report.bundleId === bundleId);
    if (found) return found;
    throw new ModelError("not-prepared", `Bundle ${bundleId} is not loaded; load it first.`);
  }

  release(bundleId: string): void {
    for (const bundle of this.#bundles.values()) {
      if (bundle.report.bundleId === bundleId) bundle.isKept = false;
    }
    this.#tidy();
  }

  change(user: BundleUser, from: PooledBundle | null, to: PooledBundle | null): void {
    from?.users.delete(user);
    to?.users.add(user);
    for (const bundle of [from, to]) if (bundle) this.#touch(bundle);
    this.#tidy();
  }

  /** Ends all processes; parts under way are rejected. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#sharedTimer) clearTimeout(this.#sharedTimer);
    for (const { timer } of this.#bundles.values()) if (timer) clearTimeout(timer);
    await Promise.all([...this.#processes].map((process) => process.stop()));
    await this.#loads;
  }

  #inTurn(load: () => Promise<PooledBundle>): Promise<PooledBundle> {
    const loaded = this.#loads.then(load);
    this.#loads = loaded.catch(() => undefined);
    return loaded;
  }

  /** A bundle that can judge. @throws ModelError */
  async #load(dir: string): Promise<PooledBundle> {
    const known = this.#bundles.get(dir);
    if (known?.process) {
      this.#touch(known);
      return known;
    }
    if (known) return this.#loadAgain(known);
    const number = this.#nextNumber++;
    const alone = this.#start();
    const report = await whenLoaded(alone, { number, dir });
    const bundle: PooledBundle = {
      ...{ number, dir, report, process: null, isKept: false, timer: null },
      ...{ users: new Set<BundleUser>(), crashes: new CrashHistory() },
    };
    this.#ready(bundle, alone, JOIN_AFTER_MS);
    this.#bundles.set(dir, bundle);
    return bundle;
  }

  /** Somebody wants a bundle that waits for its restart: now. */
  async #loadAgain(bundle: PooledBundle): Promise<PooledBundle> {
    if (bundle.timer) clearTimeout(bundle.timer);
    this.#homeless.delete(bundle);
    const alone = this.#start();
    try {
      await whenLoaded(alone, bundle);
      await this.#settle(bundle, alone);
    } catch (error) {
      if (this.#isHomeless(bundle)) this.#scheduleAlone(bundle, messageOf(error));
      throw error;
    }
    return bundle;
  }

  /** A bundle that was loaded alone after a restart judges there, unless it found another place. @throws ModelError as `#ready` */
  async #settle(bundle: PooledBundle, alone: InferenceProcess): Promise<void> {
    if (this.#isHomeless(bundle)) this.#ready(bundle, alone);
    else await alone.stop();
  }

  /** Brings a bundle that has proven itself alone to the others. @throws ModelError as `#ready` */
  async #join(bundle: PooledBundle, alone: InferenceProcess): Promise<void> {
    const shared = this.#shared;
    if (shared === null || shared === alone) {
      this.#ready(bundle, alone);
      return;
    }
    try {
      await shared.load(bundle.number, bundle.dir);
      this.#ready(bundle, shared);
      void alone.retire();
    } catch (error) {
      const { bundleId } = bundle.report;
      this.#options.logger.warn({ bundleId, err: error }, "model stays in a process of its own");
      this.#ready(bundle, alone);
    }
  }

  /** @param aloneMs how long it stays in a process of its own, if it is in one   @throws ModelError if that has died meanwhile */
  #ready(
    bundle: PooledBundle,
    process: InferenceProcess,
    aloneMs = this.#options.aloneMs ?? CRASH_LOOP.withinMs,
  ): void {
    const { bundleId, provider, goldenMaxDiff, loadMs } = bundle.report;
    if (this.#stopped || !process.alive)
      throw new ModelError("load-crashed", `The inference process of ${bundleId} ended after the load.`);
    if (this.#shared === null && this.#homeless.size === 0) this.#shared = process;
    const wasReady = bundle.process !== null;
    bundle.process = process;
    const { pid } = process;
    this.#options.logger.info({ bundleId, provider, goldenMaxDiff, loadMs, pid }, "model ready");
    for (const user of wasReady ? [] : bundle.users)
      user.tell("ready", `${bundleId} on ${provider.provider}`);
    if (process === this.#shared) return;
    bundle.timer = setTimeout(() => {
      this.#returnToShared(bundle, process);
    }, aloneMs);
  }

  /** A bundle that was alone for long enough goes back to the others. */
  #returnToShared(bundle: PooledBundle, alone: InferenceProcess): void {
    void this.#inTurn(async () => {
      if (bundle.process === alone && this.#isWanted(bundle)) await this.#join(bundle, alone);
      return bundle;
    }).catch(() => undefined); // its process has died: `#died` restarts it
  }

  #start(): InferenceProcess {
    const { entry = PROCESS_ENTRY, providers, threads, precision, engineCacheDir, now } = this.#options;
    if (this.#stopped) throw new ModelError("stopped", "No bundle is loaded: the station is stopping.");
    const process: InferenceProcess = new InferenceProcess({
      entry,
      settings: { providers, threads, precision, engineCacheDir },
      hangTimeoutMs: this.#options.hangTimeoutMs ?? DEFAULT_HANG_TIMEOUT_MS,
      now,
      onExit: (exit) => {
        this.#died(process, exit);
      },
    });
    this.#processes.add(process);
    return process;
  }

  #died(process: InferenceProcess, { how, suspects }: ProcessExit): void {
    this.#processes.delete(process);
    if (this.#shared === process) this.#shared = null;
    const hit = [...this.#bundles.values()].filter((bundle) => bundle.process === process);
    for (const bundle of hit) bundle.process = null;
    if (this.#stopped) return;
    for (const bundle of hit) {
      const isSuspect = suspects.size === 0 ? hit.length === 1 : suspects.has(bundle.number);
      if (isSuspect && bundle.users.size === 0) this.#forget(bundle);
      else if (isSuspect) this.#scheduleAlone(bundle, `the inference process ${how}`);
      else this.#homeless.add(bundle);
    }
    if (this.#homeless.size > 0) this.#scheduleShared(`the inference process ${how}`);
  }

  #scheduleAlone(bundle: PooledBundle, why: string): void {
    const { delayMs, isLoop } = bundle.crashes.note(this.#options.now());
    const { bundleId } = bundle.report;
    this.#options.logger.warn({ bundleId, why, delayMs }, "model restarts in a process of its own");
    if (bundle.timer) clearTimeout(bundle.timer);
    bundle.timer = setTimeout(() => void this.#restartAlone(bundle), delayMs);
    for (const user of bundle.users) user.tell("restarting", why);
    const words = `${why}; ${CRASH_LOOP.crashes} times within ${CRASH_LOOP.withinMs / 1000} s`;
    if (isLoop) for (const user of bundle.users) user.tell("crash-loop", words);
  }

  async #restartAlone(bundle: PooledBundle): Promise<void> {
    const alone = this.#start();
    try {
      await whenLoaded(alone, bundle);
      await this.#settle(bundle, alone);
    } catch (error) {
      if (this.#isHomeless(bundle)) this.#scheduleAlone(bundle, messageOf(error));
    }
  }

  #scheduleShared(why: string): void {
    if (this.#sharedTimer || this.#shared) return; // the one that is coming up takes them all
    const { delayMs } = this.#sharedCrashes.note(this.#options.now());
    this.#options.logger.warn({ why, delayMs }, "inference process restarts");
    this.#sharedTimer = setTimeout(() => void this.#restartShared(), delayMs);
    for (const { users } of this.#homeless) for (const user of users) user.tell("restarting", why);
  }

  async #restartShared(): Promise<void> {
    this.#sharedTimer = null;
    const shared = (this.#shared = this.#start());
    for (let bundle = this.#nextHomeless(); bundle; bundle = this.#nextHomeless()) {
      try {
        await shared.load(bundle.number, bundle.dir);
        if (this.#homeless.delete(bundle)) this.#ready(bundle, shared);
        else shared.unload(bundle.number);
      } catch (error) {
        this.#homeless.delete(bundle);
        if (this.#isHomeless(bundle)) this.#scheduleAlone(bundle, messageOf(error));
        if (!shared.alive) break;
      }
    }
    this.#retireIfEmpty(shared);
    if (this.#homeless.size > 0 && !this.#stopped) this.#scheduleShared("the inference process died again");
  }

  /** Those that judge first. */
  #nextHomeless(): PooledBundle | undefined {
    const [first] = [...this.#homeless].sort((a, b) => b.users.size - a.users.size);
    return first;
  }

  /** Nobody has found it a place, and it still needs one. */
  #isHomeless(bundle: PooledBundle): boolean {
    return bundle.process === null && this.#isWanted(bundle);
  }

  #isWanted(bundle: PooledBundle): boolean {
    return !this.#stopped && this.#bundles.get(bundle.dir) === bundle;
  }

  #touch(bundle: PooledBundle): void {
    if (!this.#bundles.delete(bundle.dir)) return;
    this.#bundles.set(bundle.dir, bundle);
  }

  /** Unloads what nobody uses or keeps, and what is kept beyond the limit. */
  #tidy(): void {
    const unused = [...this.#bundles.values()].filter(({ users }) => users.size === 0);
    const kept = unused.filter(({ isKept }) => isKept);
    const tooMany = kept.slice(0, Math.max(0, kept.length - this.#options.preparedBundles));
    for (const bundle of unused) if (!bundle.isKept || tooMany.includes(bundle)) this.#forget(bundle);
  }

  #forget(bundle: PooledBundle): void {
    this.#bundles.delete(bundle.dir);
    this.#homeless.delete(bundle);
    if (bundle.timer) clearTimeout(bundle.timer);
    const { process } = bundle;
    process?.unload(bundle.number);
    if (process) this.#retireIfEmpty(process);
  }

  #retireIfEmpty(process: InferenceProcess): void {
    const isNeeded = [...this.#bundles.values()].some((bundle) => bundle.process === process);
    if (isNeeded || (process === this.#shared && this.#homeless.size > 0)) return;
    if (process === this.#shared) this.#shared = null;
    void process.retire();
  }
}

async function whenLoaded(alone: InferenceProcess, { number, dir }: { number: number; dir: string }) {
  try {
    return await alone.load(number, dir);
  } catch (error) {
    await alone.stop();
    throw error;
  }
}
