import type { Frame } from "../../domain/inspection.ts";
import type { CaptureReport, CaptureRequest } from "./protocol.ts";

export type Grab = Extract<CaptureRequest, { type: "grab" }>;
export type GrabFailure = Extract<CaptureReport, { type: "grab-failed" }>;

export interface MailboxOptions {
  /** True for cameras that make one picture per request: a frame answers the oldest grab only. */
  readonly oneEach: boolean;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly deliver: (grabId: number | null, frame: Frame, missed: number) => void;
  readonly fail: (failure: GrabFailure) => void;
  /** Why a frame must not be given to a grab (quality, frozen), or null. */
  readonly refuse: (frame: Frame) => Pick<GrabFailure, "reason" | "message"> | null;
  /** The camera's state in words, for a grab that got nothing. */
  readonly describe: () => string;
}

interface Waiting {
  readonly grab: Grab;
  readonly timer: NodeJS.Timeout;
}

/** Holds the newest frame, and the grabs that wait for one. In stream mode each frame goes out as it comes. */
export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #waiting: Waiting[] = [];
  #newest: { frame: Frame; capturedMs: number } | null = null;
  #streaming = false;
  #streamedCounter: number | null = null;

  constructor(options: MailboxOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get streaming(): boolean {
    return this.#streaming;
  }

  get newest(): Frame | null {
    return this.#newest?.frame ?? null;
  }

  /** ms since the newest frame was captured, null before the first. */
  get ageMs(): number | null {
    return this.#newest === null ? null : this.#options.now() - this.#newest.capturedMs;
  }

  stream(on: boolean): void {
    this.#streaming = on;
    if (!on) this.#streamedCounter = null;
  }

  /** Answered at once if `latest` and fresh, else by a coming frame, else fails after `timeoutMs`. */
  grab(grab: Grab): void {
    if (grab.mode === "latest" && this.#newest !== null && (this.ageMs ?? Infinity) <= grab.maxAgeMs) {
      this.#answer(grab, this.#newest.frame);
      return;
    }
    const timer = setTimeout(() => {
      this.#timeOut(grab);
    }, grab.timeoutMs);
    this.#waiting.push({ grab, timer });
  }

  /** A new frame, captured at the monotonic time `capturedMs`. */
  put(frame: Frame, capturedMs: number): void {
    this.#newest = { frame, capturedMs };
    for (const { grab, timer } of this.#waiting.splice(0, this.#options.oneEach ? 1 : this.#waiting.length)) {
      clearTimeout(timer);
      this.#answer(grab, frame);
    }
    if (!this.#streaming) return;
    const missed =
      this.#streamedCounter === null ? 0 : Math.max(0, frame.counter - this.#streamedCounter - 1);
    this.#streamedCounter = frame.counter;
    this.#options.deliver(null, frame, missed);
  }

  /** The streamed frame could not be sent: the next one says that it was missed. */
  notDelivered(frame: Frame, missed: number): void {
    if (this.#streamedCounter !== null) this.#streamedCounter = frame.counter - 1 - missed;
  }

  /** Every waiting grab fails now. */
  failAll(reason: GrabFailure["reason"], message: string): void {
    for (const { grab, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      this.#options.fail({ type: "grab-failed", grabId: grab.grabId, reason, message });
    }
  }

  #answer(grab: Grab, frame: Frame): void {
    const refused = this.#options.refuse(frame);
    if (refused === null) this.#options.deliver(grab.grabId, frame, 0);
    else this.#options.fail({ type: "grab-failed", grabId: grab.grabId, ...refused });
  }

  #timeOut(grab: Grab): void {
    const index = this.#waiting.findIndex((waiting) => waiting.grab === grab);
    if (index >= 0) this.#waiting.splice(index, 1);
    const age = this.ageMs;
    const stale = grab.mode === "latest" && age !== null;
    const message = stale
      ? `the newest frame is ${Math.round(age)} ms old, at most ${grab.maxAgeMs} ms is allowed, and none came within ${grab.timeoutMs} ms; ${this.#options.describe()}`
      : `no frame within ${grab.timeoutMs} ms; ${this.#options.describe()}`;
    this.#options.fail({
      type: "grab-failed",
      grabId: grab.grabId,
      reason: stale ? "stale_frame" : "no_frame",
      message,
    });
  }
}
