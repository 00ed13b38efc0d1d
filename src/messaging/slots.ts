/**
 * A counter of things that may be on their way at once; who comes when all are taken waits, first come first served.
 * The bound of the waiting line is with its callers: the outbox and the state topics each hold at most their own window.
 */
export class Slots {
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #free: number;
  #closed: Error | null = null;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when a slot is ours; give it back with `give`. @throws what `close` was called with */
  take(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed);
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }

  /** Nobody gets a slot any more; those who wait are told why. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
