import { randomUUID } from "node:crypto";
import { InferenceError, messageOf, ModelError } from "../../domain/errors.ts";
import type { Region, Size } from "../../domain/inspection.ts";
import { Child, type ChildExit } from "../../system/children.ts";
import { FrameMemory } from "./frame-memory.ts";
import type { InferenceReport, InferenceRequest, MapWish } from "./protocol.ts";

type LoadRequest = Extract<InferenceRequest, { type: "load" }>;
export type LoadedReport = Extract<InferenceReport, { type: "loaded" }>;
type ScoredReport = Extract<InferenceReport, { type: "scored" }>;

export interface InferOptions {
  /** Regions are those of the map above this. */
  readonly threshold: number;
  readonly wantMap: MapWish;
  /** Rejected as `late` after this; a request still waiting is then never run. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What the model says of one picture. */
export interface Scored {
  /** The bundle that scored it: during a swap the old one answers what it was given. */
  readonly bundleId: string;
  readonly score: number;
  readonly regions: readonly Region[];
  readonly map: { readonly size: Size; readonly values: Float32Array } | null;
  /** All the time from the call to the answer in which the model was not running: queues and the way there and back. */
  readonly queueMs: number;
  readonly inferMs: number;
}

export interface WorkerOptions {
  readonly entry: URL;
  readonly load: LoadRequest;
  /** A loaded process that owes an answer for so long hangs: it is killed. */
  readonly hangTimeoutMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onExit: (exit: ChildExit) => void;
}

interface Request {
  readonly id: number;
  readonly data: Uint8Array;
  readonly options: InferOptions;
  readonly requestedAt: number;
  readonly resolve: (scored: Scored) => void;
  readonly reject: (error: InferenceError) => void;
}

/** Handed to the process ahead of its answers: one being run, one so that it need not wait for us. A slot of memory for each. */
const WINDOW = 2;
const MAX_WAITING = 64;
const WATCH_MS = 100;
/** The hang time-out is for a picture of so many tiles; more get more time. */
const RUNS_PER_HANG = 16;
/** An idle process reports once a second. */
const IDLE_SILENCE_MS = 5000;
/** Opening a big model blocks the process; while trtexec builds an engine it keeps reporting. */
const LOAD_SILENCE_MS = 120_000;
const LOAD_STOP_GRACE_MS = 1000;

/** One inference process and the requests given to it. It serves one bundle until it dies or is retired. */
export class InferenceWorker {
  /** Settles when the bundle is loaded and its golden frames were right. Rejects with ModelError. */
  readonly loaded: Promise<LoadedReport>;
  readonly #options: WorkerOptions;
  readonly #child: Child<InferenceRequest, InferenceReport>;
  readonly #memory = new FrameMemory(`assayd-${randomUUID()}`);
  readonly #waiting: Request[] = [];
  /** Sent, not answered; a request given up by its caller stays until the answer comes. */
  readonly #sent = new Map<number, Request>();
  readonly #watch: NodeJS.Timeout;
  #settleLoad: { resolve: (report: LoadedReport) => void; reject: (error: ModelError) => void } | null = null;
  #report: LoadedReport | null = null;
  #nextId = 1;
  #nextSlot = 0;
  #heardAt: number;
  #answerDueSince = 0;
  #watchedAt: number;
  #rssBytes: number | null = null;
  #retired: (() => void) | null = null;
  #hung = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#heardAt = this.#watchedAt = options.now();
    this.loaded = new Promise((resolve, reject) => {
      this.#settleLoad = { resolve, reject };
    });
    this.loaded.catch(() => undefined); // the owner may have been stopped before it waits
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
    this.#child.send(options.load);
  }

  /** Null until loaded. */
  get report(): LoadedReport | null {
    return this.#report;
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  get rssBytes(): number | null {
    return this.#rssBytes;
  }

  /** Scores a picture. @param data RGB8 of the bundle's input size   @throws InferenceError */
  infer(data: Uint8Array, options: InferOptions): Promise<Scored> {
    if (!this.#child.alive)
      return Promise.reject(new InferenceError("process-died", "The inference process is gone."));
    if (options.signal?.aborted)
      return Promise.reject(new InferenceError("aborted", "The inspection was given up."));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new InferenceError("queue-full", `${MAX_WAITING} parts wait for the model already.`),
      );
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const giveUp = (code: string, why: string) => {
        this.#forget(id);
        end(() => {
          reject(new InferenceError(code, why));
        });
      };
      const timer = setTimeout(
        giveUp,
        options.timeoutMs,
        "late",
        `No score within ${Math.round(options.timeoutMs)} ms.`,
      );
      const onAbort = () => {
        giveUp("aborted", "The inspection was given up.");
      };
      const end = (settle: () => void) => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", onAbort);
        settle();
      };
      options.signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push({
        id,
        data,
        options,
        requestedAt: this.#options.now(),
        resolve: (scored) => {
          end(() => {
            resolve(scored);
          });
        },
        reject: (error) => {
          end(() => {
            reject(error);
          });
        },
      });
      this.#sendNext();
    });
  }

  /** Answers what it was given, then ends the process. */
  async retire(): Promise<void> {
    if (this.#waiting.length + this.#sent.size > 0) {
      await new Promise<void>((resolve) => {
        this.#retired = resolve;
      });
    }
    await this.#child.stop();
  }

  /** Ends the process at once (while it loads: as soon as it has ended trtexec); what it was given is rejected. */
  async stop(): Promise<void> {
    await this.#child.stop(this.#report === null ? LOAD_STOP_GRACE_MS : 0);
  }

  #sendNext(): void {
    while (this.#sent.size < WINDOW) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      this.#send(request);
    }
  }

  /** Answers come in the order of requests, so the slot that was used longest ago is free. */
  #send(request: Request): void {
    const slot = this.#nextSlot;
    try {
      this.#memory.write(slot, request.data);
    } catch (error) {
      request.reject(
        new InferenceError("model-error", `The picture could not be handed over: ${messageOf(error)}`),
      );
      return;
    }
    this.#nextSlot = (slot + 1) % WINDOW;
    if (this.#sent.size === 0) this.#answerDueSince = this.#options.now();
    this.#sent.set(request.id, request);
    const { threshold, wantMap } = request.options;
    const bytes = request.data.byteLength;
    this.#child.send({ type: "infer", requestId: request.id, slot, bytes, threshold, wantMap });
  }

  #take(message: InferenceReport): void {
    this.#heardAt = this.#options.now();
    switch (message.type) {
      case "loaded":
        this.#report = message;
        this.#settleLoad?.resolve(message);
        return;
      case "load-failed":
        this.#settleLoad?.reject(new ModelError(message.code, message.message));
        return;
      case "heartbeat":
        this.#rssBytes = message.rssBytes;
        return;
      case "scored":
      case "failed":
        this.#answered(message);
    }
  }

  #answered(message: ScoredReport | Extract<InferenceReport, { type: "failed" }>): void {
    const request = this.#sent.get(message.requestId);
    this.#sent.delete(message.requestId);
    this.#answerDueSince = this.#heardAt;
    if (message.type === "failed") request?.reject(new InferenceError("model-error", message.message));
    else request?.resolve(this.#scored(message, request.requestedAt));
    this.#sendNext();
    if (this.#sent.size === 0) this.#retired?.();
  }

  #scored(message: ScoredReport, requestedAt: number): Scored {
    const { score, regions, map, inferMs } = message;
    const queueMs = Math.max(0, this.#options.now() - requestedAt - inferMs);
    return { bundleId: this.#report?.bundleId ?? "", score, regions, map, queueMs, inferMs };
  }

  #forget(id: number): void {
    const index = this.#waiting.findIndex((request) => request.id === id);
    if (index >= 0) this.#waiting.splice(index, 1);
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
    const silentMs = now - this.#heardAt;
    if (this.#report === null) return silentMs > LOAD_SILENCE_MS;
    const patienceMs = this.#options.hangTimeoutMs * Math.ceil(this.#report.runsPerPicture / RUNS_PER_HANG);
    if (this.#sent.size > 0 && now - this.#answerDueSince > patienceMs) return true;
    return silentMs > Math.max(IDLE_SILENCE_MS, patienceMs);
  }

  #ended(exit: ChildExit): void {
    clearInterval(this.#watch);
    this.#memory.close();
    const how = this.#hung
      ? "hung and was killed"
      : `ended (${exit.signal ?? `code ${exit.code ?? "none"}`})`;
    this.#settleLoad?.reject(
      new ModelError("load-crashed", `The inference process ${how} while it loaded the bundle.`),
    );
    const open = [...this.#sent.values(), ...this.#waiting.splice(0)];
    this.#sent.clear();
    for (const request of open)
      request.reject(new InferenceError("process-died", `The inference process ${how}.`));
    this.#retired?.();
    this.#options.onExit(exit);
  }
}
