import type { BusMessage, Pipeline } from "gstreamer-superficial";

/**
 * Reads a pipeline's bus without losing errors and without filling libuv's pool with waiting threads. The addon's pollBus
 * takes one pool thread; after each message it goes on by itself if the pipeline is not in state NULL at that moment, and
 * ends silently if it is. A pipeline that cannot start falls back to NULL with its error far behind the state changes of
 * its other elements, so a single pollBus loses the error. Hence: whenever the state is surely NULL, one poll is kept
 * alive by us; after a start of which nothing is known the polls that have spoken meanwhile count as "maybe alive".
 */
export class BusWatch {
  readonly #pipeline: Pick<Pipeline, "pollBus">;
  readonly #onMessage: (message: BusMessage) => void;
  #phase: "stopped" | "starting" | "running" = "stopped";
  readonly #waiting = new Set<symbol>();
  /** Spoke while starting: alive if the pipeline had left NULL, else gone. */
  readonly #unsure = new Set<symbol>();
  /** Unsure ones of starts that failed: nothing will tell, unless they speak again. */
  readonly #ghosts = new Set<symbol>();

  constructor(pipeline: Pick<Pipeline, "pollBus">, onMessage: (message: BusMessage) => void) {
    this.#pipeline = pipeline;
    this.#onMessage = onMessage;
  }

  /** Upper bound of the pool threads taken. */
  get threads(): number {
    return this.#waiting.size + this.#unsure.size + this.#ghosts.size;
  }

  /** Call before play(). */
  starting(): void {
    this.#phase = "starting";
    this.#keepOne();
  }

  /** The first frame is here: the pipeline has been out of NULL ever since play(). */
  running(): void {
    if (this.#phase !== "starting") return;
    this.#phase = "running";
    for (const poll of this.#unsure) this.#waiting.add(poll);
    this.#unsure.clear();
  }

  /** Call after stop(): the state is NULL. */
  stopped(): void {
    this.#phase = "stopped";
    for (const poll of this.#unsure) this.#ghosts.add(poll);
    this.#unsure.clear();
    this.#keepOne();
  }

  #keepOne(): void {
    if (this.#waiting.size > 0) return;
    const poll = Symbol();
    this.#waiting.add(poll);
    this.#pipeline.pollBus((message) => {
      this.#spoke(poll, message);
    });
  }

  /** The listener may call stop(): what counts for the addon is the state after it. */
  #spoke(poll: symbol, message: BusMessage): void {
    this.#ghosts.delete(poll);
    this.#waiting.add(poll);
    this.#onMessage(message);
    if (this.#phase === "running") return;
    this.#waiting.delete(poll);
    if (this.#phase === "starting") {
      this.#unsure.add(poll);
      return;
    }
    this.#keepOne();
  }
}
