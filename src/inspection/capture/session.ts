import { messageOf } from "../../domain/errors.ts";
import type { Frame } from "../../domain/inspection.ts";
import { Backoff } from "../../system/children.ts";
import { EvidenceRing } from "./evidence-ring.ts";
import { faultText } from "./fault-text.ts";
import { wrongCaps, wrongLength } from "./frame-format.ts";
import { FrameMaker } from "./frame-maker.ts";
import type { GdpBuffer } from "./gdp.ts";
import type { GStreamer } from "./gstreamer.ts";
import { checkImage, FrozenCheck } from "./image-quality.ts";
import { isOnDemand, isTriggered, launchString } from "./launch.ts";
import { Mailbox, type Grab, type GrabFailure } from "./mailbox.ts";
import { PicturePlayer, type PictureSource } from "./picture-player.ts";
import { CapturePipeline, type Fault } from "./pipeline.ts";
import type { CameraState, CaptureReport, OpenRequest } from "./protocol.ts";

/** Failures in a row on one pipeline object before the process is given up for a new one (platform.md §2.2). */
const MAX_FAILURES = 5;
/** Connecting an RTSP camera or starting a sensor takes longer than a frame. */
const OPEN_TIMEOUT_MS = 10_000;
/** After stop(): time for the bus to hand over the error behind a null or EOS, which comes last if nothing ever played. */
const DRAIN_MS = 150;
const FIRST_DRAIN_MS = 1000;
/** Playing this long makes earlier failures history. */
const HEALTHY_MS = 2000;
const EVIDENCE_WAIT_MS = 1000;
/** A player that owes a picture is rendering or reading it. */
const PLAYER_MS = 2000;
/** Silence of so many frame times is a stall (R9), where that is longer than the time-out. */
const STALL_FRAMES = 3;
/** Of the newest interval in the mean of intervals. */
const INTERVAL_SHARE = 0.2;

export interface SessionOptions {
  readonly open: OpenRequest;
  readonly gstreamer: GStreamer;
  /** For simulated and folder cameras. */
  readonly pictures: PictureSource | null;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Epoch ms. */
  readonly wallClock: () => number;
  readonly random: () => number;
  readonly report: (report: CaptureReport) => void;
  /** False if the frame could not be sent (the parent does not read). */
  readonly sendFrame: (report: Extract<CaptureReport, { type: "frame" }>) => boolean;
  /** This process is of no more use: end it, the supervisor starts another. */
  readonly giveUp: () => void;
}

/** The life of one camera: plays its pipeline, watches it, and reopens the same pipeline object with back-off. */
export class CaptureSession {
  readonly #options: SessionOptions;
  readonly #pipeline: CapturePipeline;
  readonly #player: PicturePlayer | null;
  readonly #mailbox: Mailbox;
  readonly #evidence = new EvidenceRing();
  readonly #frameMaker: FrameMaker;
  readonly #frozenCheck: FrozenCheck;
  readonly #backoff = new Backoff(100, 5000);
  /** Null before the first report. */
  #state: CameraState | null = null;
  #stateMessage = "";
  #fault: Fault | null = null;
  #failures = 0;
  #openedMs = 0;
  #firstFrameMs: number | null = null;
  #lastFrameMs: number;
  /** Mean time between frames, ms; null before the second. */
  #intervalMs: number | null = null;
  #frames = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Everything was pushed; the last pictures are still in the pipeline. */
  #isEnding = false;

  /** @throws CaptureError `bad-launch`, ConfigError */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { open } = options;
    this.#frozenCheck = new FrozenCheck(open.frozenAfterFrames);
    this.#lastFrameMs = options.now();
    this.#mailbox = this.#makeMailbox();
    this.#player = this.#makePlayer();
    this.#frameMaker = new FrameMaker({ ...options, player: this.#player });
    this.#pipeline = new CapturePipeline(options.gstreamer, launchString(open.source, open.crop, open.size), {
      onFrame: (buffer) => {
        this.#onFrame(buffer);
      },
      onEvidence: ({ ptsNs, payload }) => {
        if (ptsNs !== null) this.#evidence.put(this.#frameMaker.evidenceKey(ptsNs), payload);
      },
      onCaps: (caps) => {
        const wrong = wrongCaps(caps, open.size);
        if (wrong !== null) this.#onFault({ code: "wrong-caps", message: wrong });
      },
      onFault: (fault) => {
        this.#onFault(fault);
      },
    });
  }

  /** Frames since the process began. */
  get frames(): number {
    return this.#frames;
  }

  get newest(): Frame | null {
    return this.#mailbox.newest;
  }

  get ageMs(): number | null {
    return this.#mailbox.ageMs;
  }

  start(): void {
    this.#fault = null;
    this.#firstFrameMs = null;
    this.#intervalMs = null;
    this.#openedMs = this.#options.now();
    this.#frameMaker.restart();
    this.#isEnding = false;
    if (this.#failures === 0) this.#setState("opening", "opening", ""); // else it is failed until a frame proves otherwise
    this.#pipeline.play();
    this.#player?.start();
    const isSilent = this.#failures === 0 && isOnDemand(this.#options.open.source);
    if (isSilent) this.#setState("playing", "playing", ""); // one that nobody asks shows nothing, and would never be ready
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#player?.stop();
    this.#pipeline.stop();
  }

  grab(grab: Grab): void {
    if (this.#state === "ended") {
      this.#options.report({
        type: "grab-failed",
        grabId: grab.grabId,
        reason: "no_frame",
        message: this.#stateMessage,
      });
      return;
    }
    const before = this.#mailbox.waiting;
    this.#mailbox.grab(grab);
    if (this.#mailbox.waiting > before) this.#player?.want();
  }

  stream(on: boolean): void {
    this.#mailbox.stream(on);
    this.#player?.stream(on);
  }

  line(content: "normal" | "mixed"): void {
    if (this.#state === "ended") this.#setState("playing", "playing", "");
    this.#isEnding = false;
    this.#player?.line(content);
  }

  async evidence(requestId: number, frameId: string): Promise<void> {
    const key = this.#frameMaker.evidenceKeyOf(frameId);
    const jpeg = key === undefined ? null : await this.#evidence.get(key, EVIDENCE_WAIT_MS);
    this.#options.report({ type: "evidence", requestId, jpeg });
  }

  /** Looks for a stall; to be called every 50 ms or so. */
  tick(): void {
    if (this.#state === "ended" || this.#fault !== null) return;
    const now = this.#options.now();
    const awaitedSinceMs = this.#awaitedSinceMs();
    if (awaitedSinceMs === null) return;
    const silentMs = now - Math.max(this.#lastFrameMs, this.#openedMs, awaitedSinceMs);
    if (silentMs <= this.#patienceMs()) return;
    this.#onFault({ code: "stalled", message: `no frame for ${Math.round(silentMs)} ms` });
  }

  /** A camera that is being opened, or whose rate is not known yet, may take its time. */
  #patienceMs(): number {
    const { stallTimeoutMs } = this.#options.open;
    if (this.#firstFrameMs === null) return Math.max(OPEN_TIMEOUT_MS, stallTimeoutMs);
    if (this.#player !== null) return Math.max(PLAYER_MS, stallTimeoutMs);
    if (this.#intervalMs === null) return Math.max(OPEN_TIMEOUT_MS, stallTimeoutMs);
    return Math.max(STALL_FRAMES * this.#intervalMs, stallTimeoutMs);
  }

  /** A camera that waits for a trigger, and a player that was asked for nothing, may be silent for as long as they like: null. */
  #awaitedSinceMs(): number | null {
    if (this.#player !== null) return this.#player.owesSinceMs;
    return isTriggered(this.#options.open.source) ? null : 0;
  }

  #onFrame(buffer: GdpBuffer): void {
    if (this.#fault !== null) return;
    const wrong = wrongLength(buffer.payload, this.#options.open.size);
    if (wrong !== null) {
      this.#onFault({ code: "wrong-caps", message: wrong });
      return;
    }
    const made = this.#frameMaker.make(buffer);
    if (made === null) return;
    this.#noteFrame(this.#options.now(), buffer.payload);
    this.#mailbox.put(made.frame, made.capturedMs);
    this.#endWhenDone();
  }

  #noteFrame(now: number, data: Uint8Array): void {
    this.#frames++;
    if (this.#firstFrameMs !== null) {
      const interval = now - this.#lastFrameMs;
      this.#intervalMs = (this.#intervalMs ?? interval) * (1 - INTERVAL_SHARE) + interval * INTERVAL_SHARE;
    }
    this.#lastFrameMs = now;
    this.#firstFrameMs ??= now;
    if (now - this.#firstFrameMs >= HEALTHY_MS && this.#failures > 0) {
      this.#failures = 0;
      this.#backoff.reset();
    }
    if (this.#frozenCheck.isFrozen(data)) {
      this.#setState(
        "frozen",
        "frozen",
        `the last ${this.#options.open.frozenAfterFrames} pictures are the same to the bit`,
      );
    } else if (this.#state !== "ended") this.#setState("playing", "playing", "");
  }

  /** The first fault stops the pipeline; the bus may still tell the reason behind it, which replaces a mere `eos`. */
  #onFault(fault: Fault): void {
    if (this.#fault !== null) {
      if (this.#fault.code === "eos" && fault.code !== "eos") this.#recoverAfter(fault, 0);
      return;
    }
    const drainMs = fault.code !== "eos" ? 0 : this.#firstFrameMs === null ? FIRST_DRAIN_MS : DRAIN_MS;
    this.#recoverAfter(fault, drainMs);
    this.#player?.stop();
    this.#pipeline.stop();
  }

  #recoverAfter(fault: Fault, drainMs: number): void {
    this.#fault = fault;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#recover();
    }, drainMs);
  }

  #recover(): void {
    if (this.#fault === null) return;
    this.#failures++;
    const { code } = this.#fault;
    const text = faultText(this.#options.open.source, this.#fault);
    this.#setState(code === "stalled" ? "stalled" : "failed", code, text);
    if (this.#failures >= MAX_FAILURES || this.#pipeline.isWorn) {
      this.#options.giveUp();
      return;
    }
    const jitter = 0.75 + this.#options.random() / 2; // cameras that lost one switch must not come back in step
    this.#timer = setTimeout(() => {
      this.start();
    }, this.#backoff.next() * jitter);
  }

  #setState(state: CameraState, code: string, message: string): void {
    if (state === this.#state && message === this.#stateMessage) return;
    this.#state = state;
    this.#stateMessage = message;
    this.#options.report({ type: "state", state, code, message });
  }

  #makeMailbox(): Mailbox {
    const { open, report, sendFrame, now } = this.#options;
    return new Mailbox({
      oneEach: isOnDemand(open.source),
      now,
      deliver: (grabId, frame, missed) => {
        const sent = sendFrame({ type: "frame", grabId, frame, missed });
        if (!sent && grabId === null) this.#mailbox.notDelivered(frame, missed);
      },
      fail: report,
      refuse: (frame) => this.#refuse(frame),
      describe: () =>
        `the camera is ${this.#state ?? "opening"}${this.#stateMessage === "" ? "" : `: ${this.#stateMessage}`}`,
    });
  }

  #refuse(frame: Frame): Pick<GrabFailure, "reason" | "message"> | null {
    if (this.#state === "frozen") return { reason: "stale_frame", message: this.#stateMessage };
    const quality = this.#options.open.checkImage ? checkImage(frame.data) : null;
    return quality === null ? null : { reason: "image_quality", message: quality };
  }

  #makePlayer(): PicturePlayer | null {
    const { open, pictures, now } = this.#options;
    const { source } = open;
    if (pictures === null || (source.kind !== "simulated" && source.kind !== "folder")) return null;
    return new PicturePlayer({
      source: pictures,
      pace: source.pace,
      fps: source.fps,
      firstCounter: open.firstCounter,
      now,
      push: (data, ptsNs) => {
        this.#pipeline.push(data, ptsNs);
      },
      onEnded: () => {
        this.#isEnding = true;
        this.#endWhenDone();
      },
      onSkipped: (error) => {
        this.#options.report({
          type: "state",
          state: this.#state ?? "opening",
          code: "picture-skipped",
          message: messageOf(error),
        });
      },
    });
  }

  #endWhenDone(): void {
    if (!this.#isEnding || this.#player?.owesFrame === true) return;
    this.#setState("ended", "ended", "every picture of the folder has been played (repeat is off)");
    this.#mailbox.failAll("no_frame", this.#stateMessage);
  }
}
