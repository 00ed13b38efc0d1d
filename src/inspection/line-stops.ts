/** What keeps a line from judging parts though camera and model work. */
export interface LineStop {
  readonly code: string;
  /** For people. */
  readonly text: string;
}

/** Reasons from outside the data path for which every part is `ERR not_ready`. */
export class LineStops {
  readonly #holds = new Set<{ readonly why: string }>();
  #stopped: LineStop | null = null;
  readonly #blocks = new Map<string, LineStop>();

  /** A change-over is under way or waits for its turn, in words; null: none does. */
  get held(): string | null {
    const [oldest = null] = this.#holds;
    return oldest?.why ?? null;
  }

  /** @returns what ends it; others may go on */
  hold(why: string): () => void {
    const hold = { why };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
    };
  }

  /** What stopped the line until somebody resets it. */
  get stopped(): LineStop | null {
    return this.#stopped;
  }

  /** What the plant must be told: the line's own stop, else the oldest of what blocks it. */
  get fault(): LineStop | null {
    const [block = null] = this.#blocks.values();
    return this.#stopped ?? block;
  }

  /** Until a reset. The first reason stays. */
  stop(reason: LineStop): void {
    this.#stopped ??= reason;
  }

  /** @returns what it was stopped for */
  reset(): LineStop | null {
    const was = this.#stopped;
    this.#stopped = null;
    return was;
  }

  /** Something outside (an output, a PLC) is not able to do its part, or is again (null). */
  block(source: string, fault: LineStop | null): void {
    if (fault) this.#blocks.set(source, fault);
    else this.#blocks.delete(source);
  }
}
