import type { TriggerFilterConfig } from "../../config/trigger-schema.ts";
import type { TriggerEdge } from "./trigger-source.ts";

export interface FilterTimers {
  /** Monotonic ms. */
  readonly now: () => number;
  /** @returns what takes it back */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

export const SYSTEM_TIMERS: FilterTimers = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** What became of an edge: a part, or one that is too close to the part before it to have a picture of its own. */
export interface FilteredTrigger {
  readonly edge: TriggerEdge;
  /** When the picture is due, monotonic ms: the edge and the delay. */
  readonly at: number;
  readonly tooClose: boolean;
}

/**
 * Cleans the edges of a trigger. Bounces are dropped and counted; every other edge becomes a part, `delayMs` later. A part
 * closer than `minSpacingMs` to the one before is said to be so: it must still be answered (and rejected).
 */
export class TriggerFilter {
  readonly #config: TriggerFilterConfig;
  readonly #timers: FilterTimers;
  readonly #fire: (trigger: FilteredTrigger) => void;
  /** What fires the parts whose delay has not passed, now. */
  readonly #waiting = new Set<() => void>();
  #lastEdge = -Infinity;
  #lastPart = -Infinity;
  #bounced = 0;

  constructor(config: TriggerFilterConfig, timers: FilterTimers, fire: (trigger: FilteredTrigger) => void) {
    this.#config = config;
    this.#timers = timers;
    this.#fire = fire;
  }

  /** Edges that were bounces. */
  get bounced(): number {
    return this.#bounced;
  }

  edge(edge: TriggerEdge): void {
    const { debounceMs, minSpacingMs } = this.#config;
    const isBounce = edge.answerTo === undefined && edge.at - this.#lastEdge < debounceMs;
    this.#lastEdge = edge.at;
    if (isBounce) {
      this.#bounced += 1;
      return;
    }
    const tooClose = edge.at - this.#lastPart < minSpacingMs;
    this.#lastPart = edge.at;
    this.#delay(edge, tooClose);
  }

  /** Fires what waits for its delay at once: every part has its answer. */
  flush(): void {
    for (const fireNow of [...this.#waiting]) fireNow();
  }

  #delay(edge: TriggerEdge, tooClose: boolean): void {
    const at = edge.at + this.#config.delayMs;
    const leftMs = at - this.#timers.now();
    if (this.#config.delayMs === 0 || leftMs <= 0) {
      this.#fire({ edge, at, tooClose });
      return;
    }
    const fireNow = (): void => {
      takeBack();
      this.#waiting.delete(fireNow);
      this.#fire({ edge, at, tooClose });
    };
    const takeBack = this.#timers.after(leftMs, fireNow);
    this.#waiting.add(fireNow);
  }
}
