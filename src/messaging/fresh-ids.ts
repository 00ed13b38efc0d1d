interface Sample {
  readonly monotonicMs: number;
  readonly lastId: number;
}

/**
 * Which messages are fresh, told by their ids alone: ids rise in the order of queueing, so that a step of the wall clock
 * changes nothing (promises.md R21).
 */
export class FreshIds {
  readonly #freshForMs: number;
  readonly #sampleEveryMs: number;
  #samples: Sample[] = [];
  #queuedBefore = 0;

  /** @param freshForMs how long a message is fresh; known to a sixtieth of it */
  constructor(freshForMs: number) {
    this.#freshForMs = freshForMs;
    this.#sampleEveryMs = freshForMs / 60;
  }

  /** A connection begins: all queued up to `lastId` waited for it. */
  connected(lastId: number): void {
    this.#queuedBefore = lastId;
    this.#samples = [];
  }

  /** All up to `lastId` are queued by now. Call it whenever there is something new. */
  note(lastId: number, monotonicMs: number): void {
    const newest = this.#samples.at(-1);
    if (newest !== undefined && monotonicMs - newest.monotonicMs < this.#sampleEveryMs) return;
    this.#samples.push({ lastId, monotonicMs });
    const second = this.#samples[1]; // one sample older than the limit is enough
    if (second !== undefined && monotonicMs - second.monotonicMs > this.#freshForMs) this.#samples.shift();
  }

  /** Queued after the connection began and no longer ago than a message is fresh. */
  isFresh(id: number, monotonicMs: number): boolean {
    if (id <= this.#queuedBefore) return false;
    const old = this.#samples.findLast((sample) => monotonicMs - sample.monotonicMs > this.#freshForMs);
    return old === undefined || id > old.lastId;
  }
}
