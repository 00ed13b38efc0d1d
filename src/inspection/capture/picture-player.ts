import type { Truth } from "../../domain/inspection.ts";

export type LineContent = "normal" | "mixed";

export interface Picture {
  /** RGB8 of the model's size. */
  readonly data: Uint8Array;
  readonly truth: Truth;
}

/** Where pictures of simulated and folder cameras come from. */
export interface PictureSource {
  /**
   * One picture, or null after the last.
   * @param place `counter`: pictures played before, of any content; `position`: of this content
   */
  at(
    place: { readonly counter: number; readonly position: number },
    content: LineContent,
  ): Promise<Picture | null>;
}

export interface PlayerOptions {
  readonly source: PictureSource;
  readonly pace: "clock" | "demand";
  readonly fps: number;
  readonly firstCounter: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly push: (data: Uint8Array, ptsNs: number) => void;
  /** Nothing more to play, until the line's content changes. */
  readonly onEnded: () => void;
  /** A picture that could not be made; it is skipped. */
  readonly onSkipped: (error: unknown) => void;
}

/** What is known of a picture that was pushed. */
export interface Played {
  readonly counter: number;
  readonly truth: Truth;
  /** Monotonic ms of the push. */
  readonly pushedMs: number;
}

/** Pictures in the pipeline at once; the appsink of launch.ts holds as many, so none is lost. */
const MAX_UNDERWAY = 6;
const SKIP_PAUSE_MS = 20;

/**
 * Feeds pictures to an appsrc: at `fps`, or one for each request. The next picture is made while the turn of it is awaited,
 * so making it does not delay the pace. Each has its own time stamp, by which `played` finds counter and truth again.
 */
export class PicturePlayer {
  readonly #options: PlayerOptions;
  readonly #played = new Map<number, Played>();
  readonly #positions = { normal: 0, mixed: 0 };
  readonly #startMs: number;
  #content: LineContent = "mixed";
  #counter: number;
  #wanted = 0;
  #streaming = false;
  #dueMs: number;
  #lastPtsNs = -1;
  #running: AbortController | null = null;
  #wake: () => void = () => undefined;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#counter = options.firstCounter;
    this.#startMs = options.now();
    this.#dueMs = this.#startMs;
  }

  /** True if a picture was pushed and has not come back. */
  get owesFrame(): boolean {
    return this.#played.size > 0;
  }

  /** When the oldest picture that has not come back was pushed, monotonic ms; null if all have. */
  get owesSinceMs(): number | null {
    const [oldest] = this.#played.values();
    return oldest?.pushedMs ?? null;
  }

  start(): void {
    this.#running?.abort();
    this.#running = new AbortController();
    this.#played.clear();
    this.#dueMs = this.#options.now();
    void this.#play(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#played.clear();
    this.#wake();
  }

  /** One more picture is asked for (pace `demand`). */
  want(): void {
    this.#wanted++;
    this.#wake();
  }

  /** In stream mode nobody asks: the pace is the clock's. */
  stream(on: boolean): void {
    this.#streaming = on;
    this.#dueMs = this.#options.now();
    this.#wake();
  }

  /** Takes effect with the next picture that is pushed. */
  line(content: LineContent): void {
    this.#content = content;
    this.#wake();
  }

  /** What was pushed with this time stamp, once; older ones that did not come back are forgotten. */
  played(ptsNs: number): Played | undefined {
    const wasFull = this.#played.size >= MAX_UNDERWAY;
    const found = this.#played.get(ptsNs);
    for (const pts of this.#played.keys()) {
      if (pts > ptsNs) break;
      this.#played.delete(pts);
    }
    if (wasFull) this.#wake();
    return found;
  }

  async #play(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const content = this.#content;
      const isOver = () => signal.aborted || content !== this.#content;
      const picture = await this.#make(content, isOver);
      if (picture === null) await this.#end(isOver);
      if (picture === null || picture === "skipped") continue;
      await this.#turn(isOver);
      if (!isOver()) this.#push(picture, content);
    }
  }

  async #make(content: LineContent, isOver: () => boolean): Promise<Picture | "skipped" | null> {
    try {
      const place = { counter: this.#counter, position: this.#positions[content] };
      return await this.#options.source.at(place, content);
    } catch (error) {
      if (!isOver()) this.#options.onSkipped(error);
      this.#positions[content]++;
      await this.#sleep(SKIP_PAUSE_MS);
      return "skipped";
    }
  }

  async #end(isOver: () => boolean): Promise<void> {
    if (isOver()) return;
    this.#options.onEnded();
    while (!isOver()) await this.#sleep(null);
  }

  async #turn(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const clocked = this.#options.pace === "clock" || this.#streaming;
      const isFull = this.#played.size >= MAX_UNDERWAY;
      const waitMs = clocked && !isFull ? this.#dueMs - this.#options.now() : null;
      if (!isFull && (clocked ? (waitMs ?? 0) <= 0 : this.#wanted > 0)) return;
      await this.#sleep(waitMs);
    }
  }

  #push(picture: Picture, content: LineContent): void {
    const now = this.#options.now();
    this.#dueMs = Math.max(this.#dueMs + 1000 / this.#options.fps, now); // late: no burst to catch up
    this.#wanted = Math.max(0, this.#wanted - 1);
    const ptsNs = Math.max(Math.round((now - this.#startMs) * 1e6), this.#lastPtsNs + 1);
    this.#lastPtsNs = ptsNs;
    this.#played.set(ptsNs, { counter: this.#counter++, truth: picture.truth, pushedMs: now });
    this.#positions[content]++;
    this.#options.push(picture.data, ptsNs);
  }

  /** Until woken, or for `ms` if given. */
  #sleep(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? null : setTimeout(resolve, ms);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}
