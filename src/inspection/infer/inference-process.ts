import { randomUUID } from "node:crypto";
import { InferenceError, messageOf, ModelError } from "../../domain/errors.ts";
import { Child, type ChildExit } from "../../system/children.ts";
import { FrameMemory } from "./frame-memory.ts";
import { openPart, type InferOptions, type OpenPart, type Scored } from "./open-part.ts";
import { PartQueue } from "./part-queue.ts";
import type { Answer, InferenceReport, InferenceRequest, LoadedReport, LoadSettings } from "./protocol.ts";

/** Who asks, and which bundle is to answer. */
export interface Asker {
  readonly camera: string;
  readonly bundle: number;
}

export interface InferenceProcessOptions {
  readonly entry: URL;
  readonly settings: LoadSettings;
  /** A process that owes an answer for so long hangs: it is killed. */
  readonly hangTimeoutMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onExit: (exit: ProcessExit) => void;
}

export interface ProcessExit {
  /** e.g. "hung and was killed" */
  readonly how: string;
  /** Bundles that were running or being loaded: one of them may be what killed it. */
  readonly suspects: ReadonlySet<number>;
}

interface LoadedBundle {
  readonly report: LoadedReport;
  /** Cautious estimate of the model's time for a part, ms: follows a rise fast and a fall slowly. 0: not known yet. */
  costMs: number;
  /** To be unloaded once its last part is answered. */
  leaving: boolean;
}

interface Loading {
  readonly resolve: (report: LoadedReport) => void;
  readonly reject: (error: ModelError) => void;
  heardAt: number;
}

/** Handed to the process ahead of its answers: one being run, one so that it need not wait for us. A slot of memory for each. */
const WINDOW = 2;
const WATCH_MS = 100;
/** The hang time-out is for a picture of so many tiles; more get more time. */
const RUNS_PER_HANG = 16;
/** A process reports once a second. */
const SILENCE_MS = 5000;
/** Starting takes its time on a busy machine, and opening a big model blocks its thread. */
const START_SILENCE_MS = 120_000;
const LOAD_STOP_GRACE_MS = 1000;

/** One inference process, the bundles in it and the parts given to it, until it dies or is retired. */
export class InferenceProcess {
  readonly #options: InferenceProcessOptions;
  readonly #child: Child<InferenceRequest, InferenceReport>;
  readonly #memory = new FrameMemory(`assayd-${randomUUID()}`);
  readonly #freeSlots = Array.from({ length: WINDOW }, (_, slot) => slot);
  readonly #loading = new Map<number, Loading>();
  readonly #bundles = new Map<number, LoadedBundle>();
  readonly #queue = new PartQueue<OpenPart>();
  /** Sent, not answered, in the order in which they run; a part given up by its caller stays until the answer comes. */
  readonly #sent = new Map<number, { readonly part: OpenPart; readonly slot: number }>();
  readonly #watch: NodeJS.Timeout;
  #nextId = 1;
  #heardAt: number | null = null;
  readonly #startedAt: number;
  #answerDueSince = 0;
  #watchedAt: number;
  #rssBytes: number | null = null;
  #retired: (() => void) | null = null;
  #hung = false;

  constructor(options: InferenceProcessOptions) {
    this.#options = options;
    this.#startedAt = this.#watchedAt = options.now();
    this.#child = new Child({
      entry: options.entry,
      descriptors: [this.#memory.fd],
      onMessage: (message) => {
        this.#take(message);
      },
      onExit: (exit) => {
        this.#ended(exit);
      },
    });
    this.#watch = setInterval(() => {
      this.#watchSilence();
    }, WATCH_MS);
  }

  get alive(): boolean {
    return this.#child.alive;
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  get rssBytes(): number | null {
    return this.#rssBytes;
  }

  /** Loads a bundle beside those that are there; they judge on. @throws ModelError */
  load(bundle: number, bundleDir: string): Promise<LoadedReport> {
    return new Promise((resolve, reject) => {
      if (!this.alive) {
        reject(new ModelError("load-crashed", "The inference process is gone."));
        return;
      }
      this.#loading.set(bundle, { resolve, reject, heardAt: this.#options.now() });
      this.#child.send({ type: "load", bundle, bundleDir, ...this.#options.settings });
    });
  }

  /** Gives a bundle's memory back, after its last part was answered. */
  unload(bundle: number): void {
    const loaded = this.#bundles.get(bundle);
    if (loaded) loaded.leaving = true;
    this.#unloadIdle();
  }

  /** Scores a picture. @param data RGB8 of the bundle's input size   @throws InferenceError */
  infer(asker: Asker, data: Uint8Array, options: InferOptions): Promise<Scored> {
    const loaded = this.#bundles.get(asker.bundle);
    if (!this.alive || loaded === undefined)
      return Promise.reject(new InferenceError("process-died", "The inference process is gone."));
    if (options.signal?.aborted)
      return Promise.reject(new InferenceError("aborted", "The inspection was given up."));
    const costMs = Math.min(loaded.costMs, options.timeoutMs / 2); // however slow it was: a fresh part has hope
    const requestedAt = this.#options.now();
    const { part, scored } = openPart(
      { id: this.#nextId++, ...asker, data, options, requestedAt, costMs },
      (given) => this.#queue.remove(given),
    );
    this.#enqueue(part);
    return scored;
  }

  /** Answers what it was given, then ends the process. */
  async retire(): Promise<void> {
    if (this.#queue.length + this.#sent.size > 0 && this.alive) {
      await new Promise<void>((resolve) => {
        this.#retired = resolve;
      });
    }
    await this.stop();
  }

  /** Ends the process at once (while it loads: as soon as it has ended trtexec); what it was given is rejected. */
  async stop(): Promise<void> {
    await this.#child.stop(this.#loading.size > 0 ? LOAD_STOP_GRACE_MS : 0);
  }

  #enqueue(part: OpenPart): void {
    if (this.#queue.push(part)) this.#sendNext();
    else {
      const words = `Too many parts of camera ${part.camera} wait for the model already.`;
      part.reject(new InferenceError("queue-full", words));
    }
  }

  #sendNext(): void {
    while (this.#freeSlots.length > 0) {
      const part = this.#queue.take(this.#freeAt());
      if (part === undefined) return;
      this.#send(part);
    }
  }

  /** When the model will have run what was sent. */
  #freeAt(): number {
    const now = this.#options.now();
    let freeAt = this.#answerDueSince;
    for (const { part } of this.#sent.values()) freeAt = Math.max(freeAt + part.costMs, now);
    return Math.max(freeAt, now);
  }

  #send(part: OpenPart): void {
    const slot = this.#freeSlots.pop() ?? 0;
    try {
      this.#memory.write(slot, part.data);
    } catch (error) {
      this.#freeSlots.push(slot);
      part.reject(
        new InferenceError("model-error", `The picture could not be handed over: ${messageOf(error)}`),
      );
      return;
    }
    if (this.#sent.size === 0) this.#answerDueSince = this.#options.now();
    this.#sent.set(part.id, { part, slot });
    const { id: requestId, bundle, options } = part;
    const { threshold, wantMap } = options;
    const bytes = part.data.byteLength;
    this.#child.send({ type: "infer", bundle, requestId, slot, bytes, threshold, wantMap });
  }

  #take(message: InferenceReport): void {
    this.#heardAt = this.#options.now();
    switch (message.type) {
      case "heartbeat":
        this.#rssBytes = message.rssBytes;
        return;
      case "loading":
      case "loaded":
      case "load-failed":
        this.#tookLoad(message);
        return;
      case "scored":
      case "failed":
        this.#answered(message);
    }
  }

  #tookLoad(message: Extract<InferenceReport, { readonly bundle: number }>): void {
    const { bundle } = message;
    const loading = this.#loading.get(bundle);
    if (loading === undefined) return;
    loading.heardAt = this.#options.now();
    if (message.type === "loading") return;
    this.#loading.delete(bundle);
    if (message.type === "load-failed") {
      this.#child.send({ type: "unload", bundle });
      loading.reject(new ModelError(message.code, message.message));
      return;
    }
    this.#bundles.set(bundle, { report: message.report, costMs: 0, leaving: false });
    loading.resolve(message.report);
  }

  #answered(message: Extract<InferenceReport, { readonly requestId: number }>): void {
    const sent = this.#sent.get(message.requestId);
    if (sent === undefined) return;
    this.#sent.delete(message.requestId);
    this.#freeSlots.push(sent.slot);
    this.#answerDueSince = this.#options.now();
    if (message.type === "failed") sent.part.reject(new InferenceError("model-error", message.message));
    else sent.part.resolve(this.#scored(message, sent.part));
    this.#sendNext();
    this.#unloadIdle();
    if (this.#sent.size === 0) this.#retired?.();
  }

  #scored({ score, regions, map, inferMs }: Answer, { bundle, requestedAt }: OpenPart): Scored {
    const loaded = this.#bundles.get(bundle);
    if (loaded) loaded.costMs += (inferMs - loaded.costMs) * (inferMs > loaded.costMs ? 0.5 : 0.1);
    const queueMs = Math.max(0, this.#options.now() - requestedAt - inferMs);
    return { bundleId: loaded?.report.bundleId ?? "", score, regions, map, queueMs, inferMs };
  }

  #unloadIdle(): void {
    for (const [bundle, { leaving }] of this.#bundles) {
      if (!leaving || this.#isBusyWith(bundle)) continue;
      this.#bundles.delete(bundle);
      this.#child.send({ type: "unload", bundle });
    }
  }

  #isBusyWith(bundle: number): boolean {
    const isOfIt = (part: OpenPart): boolean => part.bundle === bundle;
    return this.#queue.some(isOfIt) || [...this.#sent.values()].some(({ part }) => isOfIt(part));
  }

  #watchSilence(): void {
    const now = this.#options.now();
    const wasBlocked = now - this.#watchedAt > 10 * WATCH_MS; // we slept, not the process: its answers are still unread
    this.#watchedAt = now;
    if (wasBlocked || !this.#isHung(now)) return;
    this.#hung = true;
    this.#child.kill();
  }

  #isHung(now: number): boolean {
    for (const { heardAt } of this.#loading.values()) if (now - heardAt > START_SILENCE_MS) return true;
    if (this.#heardAt === null) return now - this.#startedAt > START_SILENCE_MS;
    if (this.#sent.size > 0 && now - this.#answerDueSince > this.#patienceMs()) return true;
    return now - this.#heardAt > SILENCE_MS;
  }

  /** For the part that runs now. */
  #patienceMs(): number {
    const [running] = this.#sent.values();
    const runs = this.#bundles.get(running?.part.bundle ?? 0)?.report.runsPerPicture ?? 1;
    return this.#options.hangTimeoutMs * Math.ceil(runs / RUNS_PER_HANG);
  }

  #ended({ code, signal }: ChildExit): void {
    clearInterval(this.#watch);
    this.#memory.close();
    const how = this.#hung ? "hung and was killed" : `ended (${signal ?? `code ${code ?? "none"}`})`;
    const [running] = this.#sent.values();
    const suspects = new Set(this.#loading.keys());
    if (running) suspects.add(running.part.bundle);
    for (const { reject } of this.#loading.values()) {
      reject(new ModelError("load-crashed", `The inference process ${how} while it loaded the bundle.`));
    }
    this.#loading.clear();
    const open = [...this.#sent.values()].map(({ part }) => part).concat(this.#queue.drain());
    this.#sent.clear();
    for (const part of open) part.reject(new InferenceError("process-died", `The inference process ${how}.`));
    this.#retired?.();
    this.#options.onExit({ how, suspects });
  }
}
