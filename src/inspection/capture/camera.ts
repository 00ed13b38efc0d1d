import type { Logger } from "pino";
import type { CameraConfig } from "../../config/schema.ts";
import { CaptureError } from "../../domain/errors.ts";
import type { Frame, Size } from "../../domain/inspection.ts";
import { Backoff, Child, type ChildExit } from "../../system/children.ts";
import { ARGUS_WISH_FILE, ArgusWish } from "./argus-wish.ts";
import { maskPasswords } from "./fault-text.ts";
import { usualFrozenLimit } from "./frozen-limit.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { CameraState, CaptureReport, CaptureRequest } from "./protocol.ts";

/** A camera whose process is silent for this long has stalled, though it may speak again. */
const QUIET_MS = 800;
/** A silent process is hung; its first sign may take longer: GStreamer scans its plugins when its cache is cold. */
const SILENCE_MS = 3000;
const FIRST_SIGN_MS = 20_000;
const WATCH_MS = 100;
/** A grab's own deadline is kept here too, with this much time for the capture process to say why. */
const GRACE_MS = 50;
const EVIDENCE_TIMEOUT_MS = 1500;
const RESTART_FIRST_MS = 250;
const RESTART_MAX_MS = 2000; // R9: frames again within 3 s after the camera is back
/** For a process to free the camera before one with another picture size takes it. */
const LEAVE_MS = 500;
/** Playing this long after a start makes earlier restarts history. */
const HEALTHY_MS = 30_000;
/** Two pulls and the bus polls of one camera, and file work beside them (platform.md §2.2: 4 are not enough). */
const POOL_THREADS = "24";

type Heartbeat = Extract<CaptureReport, { type: "heartbeat" }>;

export interface CameraStatus {
  /** True while frames come: state `playing` or `frozen`. */
  readonly connected: boolean;
  readonly state: CameraState;
  /** Why it is not playing, for people; empty if it is. */
  readonly message: string;
  readonly fps: number;
  readonly frameAgeMs: number | null;
  /** Mean luma, 0..255. */
  readonly brightness: number | null;
  /** Variance of the Laplacian; compare with the same camera's earlier values. */
  readonly sharpness: number | null;
  readonly rssBytes: number | null;
  /** Capture processes started after the first. */
  readonly restarts: number;
  readonly pid: number | null;
  readonly frozen: boolean;
}

export interface CameraStateChange {
  readonly state: CameraState;
  /** Stable and machine readable: `playing`, `pipeline-error`, `eos`, `stalled`, `wrong-caps`, `bad-launch`, `process-ended`, `silent` … */
  readonly code: string;
  readonly message: string;
}

export interface CameraOptions {
  readonly config: CameraConfig;
  /** At first: frames come as RGB8 of it. */
  readonly size: Size;
  /** The capture process; an argument for tests. */
  readonly entry?: URL;
  /** Written to ask for a restart of nvargus-daemon; left out: where systemd looks. */
  readonly argusWishFile?: string;
  readonly logger: Logger;
  /** Monotonic or epoch ms; only differences are used. */
  readonly now: () => number;
  /** Each frame while streaming; `missed`: frames of the camera lost since the one before. */
  readonly onFrame: (frame: Frame, missed: number) => void;
  readonly onState: (change: CameraStateChange) => void;
}

export interface GrabOptions {
  /** `next`: the first that arrives from now on; `latest`: the newest, if at most `maxAgeMs` old. */
  readonly mode: "next" | "latest";
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
}

/**
 * One camera as the main process sees it: starts and watches its capture process, replaces one that ended or fell silent,
 * and never waits for it: every call ends by its own time-out.
 */
export class Camera {
  readonly #options: CameraOptions;
  readonly #entry: URL;
  readonly #backoff = new Backoff(RESTART_FIRST_MS, RESTART_MAX_MS);
  readonly #grabs = new PendingRequests<Frame>();
  readonly #evidence = new PendingRequests<Uint8Array | null>();
  readonly #argus: ArgusWish;
  #child: Child<CaptureRequest, CaptureReport> | null = null;
  #running = false;
  #state: CameraState = "opening";
  #message = "";
  /** What it was before it fell silent; null while it speaks. */
  #beforeSilence: CameraStateChange | null = null;
  #heartbeat: (Heartbeat & { readonly receivedAt: number }) | null = null;
  #lastSign = 0;
  #hasSpoken = false;
  #startedAt = 0;
  #starts = 0;
  #nextId = 1;
  #nextCounter = 0;
  #streaming = false;
  #content: "normal" | "mixed" = "mixed";
  #size: Size;
  /** Ends when the process that gave another size has gone. */
  #replaced: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | null = null;
  #restart: NodeJS.Timeout | null = null;

  constructor(options: CameraOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#argus = new ArgusWish({
      camera: options.config.name,
      source: options.config.source,
      file: options.argusWishFile ?? ARGUS_WISH_FILE,
      logger: options.logger,
    });
    this.#entry = options.entry ?? new URL("./process.ts", import.meta.url);
  }

  get status(): CameraStatus {
    const beat = this.#heartbeat;
    const age = beat?.frameAgeMs ?? null;
    return {
      connected: this.#state === "playing" || this.#state === "frozen",
      state: this.#state,
      message: this.#message,
      fps: beat?.fps ?? 0,
      frameAgeMs: age === null || beat === null ? null : age + this.#options.now() - beat.receivedAt,
      brightness: beat?.brightness ?? null,
      sharpness: beat?.sharpness ?? null,
      rssBytes: beat?.rssBytes ?? null,
      restarts: Math.max(0, this.#starts - 1),
      pid: this.#child?.alive === true ? (this.#child.pid ?? null) : null,
      frozen: this.#state === "frozen",
    };
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#launch();
    this.#watch = setInterval(() => {
      this.#checkSilence();
    }, WATCH_MS);
  }

  /** Ends the capture process (within 2 s, else kills it) and rejects what is pending. */
  async stop(): Promise<void> {
    this.#running = false;
    if (this.#watch !== null) clearInterval(this.#watch);
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#rejectAll("the camera was stopped");
    await this.#replaced;
    await this.#child?.stop();
    this.#child = null;
  }

  /** One frame. @throws CaptureError `no_frame`, `stale_frame` or `image_quality` (the part's reason), by `timeoutMs` at the latest */
  grab({ mode, maxAgeMs, timeoutMs }: GrabOptions): Promise<Frame> {
    const child = this.#child;
    if (child?.alive !== true) {
      const why = `its capture process is not running; the camera is ${this.#describe()}`;
      return Promise.reject(this.#failure("no_frame", why));
    }
    const grabId = this.#nextId++;
    child.send({ type: "grab", grabId, mode, maxAgeMs, timeoutMs });
    return this.#grabs.open(grabId, timeoutMs + GRACE_MS, () =>
      this.#failure("no_frame", `no answer within ${timeoutMs} ms; the camera is ${this.#describe()}`),
    );
  }

  /** Every frame goes to `onFrame` from now on, or no more. Outlasts a restart of the capture process. */
  stream(on: boolean): void {
    this.#streaming = on;
    this.#child?.send({ type: "stream", on });
  }

  /** Simulated and folder cameras: play only normal parts, or the mixed line. Outlasts a restart likewise. */
  line(content: "normal" | "mixed"): void {
    this.#content = content;
    this.#child?.send({ type: "line", content });
  }

  /**
   * Frames come in this size from now on: another takes a new capture process, and the time to open the camera again.
   * @returns whether it is opened again
   */
  resize(size: Size): boolean {
    if (size.width === this.#size.width && size.height === this.#size.height) return false;
    this.#size = size;
    const old = this.#child;
    if (!this.#running || old === null) return false;
    this.#child = null; // nothing of the old size counts any more
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#heartbeat = null;
    this.#state = "opening";
    this.#message = `pictures of ${size.width}×${size.height} are wanted now`;
    this.#rejectAll(this.#message);
    this.#options.onState({ state: "opening", code: "resized", message: this.#message });
    this.#replaced = this.#replace(old);
    return true;
  }

  /** A camera can be opened once only: the old process must have let it go. */
  async #replace(old: Child<CaptureRequest, CaptureReport>): Promise<void> {
    await old.stop(LEAVE_MS);
    if (this.#running && this.#child === null) this.#launch();
  }

  /** The full-size JPEG of one of the last 32 frames; null if it is gone or the camera does not answer within 1.5 s. */
  async evidence(frameId: string): Promise<Uint8Array | null> {
    const child = this.#child;
    if (child?.alive !== true) return null;
    const requestId = this.#nextId++;
    child.send({ type: "evidence", requestId, frameId });
    const noAnswer = () => this.#failure("no_evidence", "no answer");
    return this.#evidence.open(requestId, EVIDENCE_TIMEOUT_MS, noAnswer).catch(() => null);
  }

  #launch(): void {
    const { config } = this.#options;
    const child = new Child<CaptureRequest, CaptureReport>({
      entry: this.#entry,
      args: [config.name],
      env: { UV_THREADPOOL_SIZE: POOL_THREADS },
      execArgv: ["--max-old-space-size=128"],
      onMessage: (report) => {
        if (this.#child === child) this.#onReport(report);
      },
      onExit: (exit) => {
        if (this.#child === child) this.#onExit(exit);
      },
    });
    this.#child = child;
    this.#starts++;
    this.#startedAt = this.#lastSign = this.#options.now();
    this.#hasSpoken = false;
    this.#beforeSilence = null;
    child.send({
      type: "open",
      camera: config.name,
      source: config.source,
      crop: config.crop,
      stallTimeoutMs: config.stallTimeoutMs,
      frozenAfterFrames: config.frozenAfterFrames ?? usualFrozenLimit(config.source),
      checkImage: config.checkImage,
      firstCounter: this.#nextCounter,
      size: this.#size,
    });
    if (this.#content !== "mixed") child.send({ type: "line", content: this.#content });
    if (this.#streaming) child.send({ type: "stream", on: true });
  }

  #onReport(report: CaptureReport): void {
    this.#lastSign = this.#options.now();
    this.#hasSpoken = true;
    this.#endSilence();
    switch (report.type) {
      case "frame":
        this.#onFrame(report);
        return;
      case "grab-failed":
        this.#grabs.reject(report.grabId, this.#failure(report.reason, report.message));
        return;
      case "evidence":
        this.#evidence.resolve(report.requestId, report.jpeg);
        return;
      case "heartbeat":
        this.#heartbeat = { ...report, receivedAt: this.#lastSign };
        return;
      case "state":
        this.#setState(report.state, report.code, report.message);
    }
  }

  #onFrame({ grabId, frame, missed }: Extract<CaptureReport, { type: "frame" }>): void {
    this.#nextCounter = Math.max(this.#nextCounter, frame.counter + 1);
    if (grabId !== null) this.#grabs.resolve(grabId, frame);
    else if (this.#streaming) this.#options.onFrame(frame, missed);
  }

  #checkSilence(): void {
    const child = this.#child;
    if (child?.alive !== true) return;
    const silentMs = this.#options.now() - this.#lastSign;
    if (silentMs > QUIET_MS && this.status.connected) {
      this.#beforeSilence = { state: this.#state, code: this.#state, message: this.#message };
      this.#setState("stalled", "silent", "the capture process is silent");
    }
    if (silentMs <= (this.#hasSpoken ? SILENCE_MS : FIRST_SIGN_MS)) return;
    const words = `the capture process said nothing for ${Math.round(silentMs)} ms; it is replaced`;
    this.#setState("stalled", "silent", words);
    child.kill();
  }

  /** It was not hung but slow: what it was before holds again. */
  #endSilence(): void {
    const before = this.#beforeSilence;
    this.#beforeSilence = null;
    if (before !== null) this.#setState(before.state, before.code, before.message);
  }

  #onExit({ code, signal }: ChildExit): void {
    this.#heartbeat = null;
    if (!this.#running) return;
    void this.#argus.ended();
    const how = signal === null ? `code ${code ?? "?"}` : `signal ${signal}`;
    if (this.#state !== "failed" && this.#state !== "stalled") {
      this.#setState("failed", "process-ended", `the capture process ended with ${how}; it is replaced`);
    }
    this.#rejectAll(`its capture process ended; the camera is ${this.#describe()}`);
    if (this.#options.now() - this.#startedAt > HEALTHY_MS) this.#backoff.reset();
    this.#restart = setTimeout(() => {
      this.#launch();
    }, this.#backoff.next());
  }

  /** A camera that failed stays so until it plays: opening it again is no news, nor is the same failure. */
  #setState(state: CameraState, code: string, message: string): void {
    const hasFailed = this.#state === "failed" || this.#state === "stalled";
    if (hasFailed && (state === "opening" || message === this.#message)) return;
    this.#state = state;
    this.#message = message;
    if (state === "playing") this.#argus.played();
    const { logger, config, onState } = this.#options;
    const words = { camera: config.name, state, code, reason: message };
    if (state === "playing" || state === "opening" || state === "ended") logger.info(words, "camera state");
    else logger.warn(words, "camera state");
    onState({ state, code, message });
  }

  #rejectAll(why: string): void {
    this.#grabs.rejectAll(() => this.#failure("no_frame", why));
    this.#evidence.rejectAll(() => this.#failure("no_evidence", why));
  }

  #describe(): string {
    return this.#message === "" ? this.#state : `${this.#state} (${this.#message})`;
  }

  #failure(reason: string, message: string): CaptureError {
    return new CaptureError(
      reason,
      maskPasswords(`Camera ${this.#options.config.name} gave no usable frame: ${message}.`),
    );
  }
}
