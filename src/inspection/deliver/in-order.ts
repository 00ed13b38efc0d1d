/**
 * Hands values on in the order of their sequence numbers, whatever order they come in. Verdicts act at once; only their
 * record waits here, at most one deadline long, because every number that was given out comes back.
 */
export class InOrder<T> {
  readonly #deliver: (value: T) => void;
  readonly #waiting = new Map<number, T>();
  #next: number;

  constructor(firstSeq: number, deliver: (value: T) => void) {
    this.#next = firstSeq;
    this.#deliver = deliver;
  }

  push(seq: number, value: T): void {
    this.#waiting.set(seq, value);
    for (;;) {
      const ready = this.#waiting.get(this.#next);
      if (ready === undefined) return;
      this.#waiting.delete(this.#next);
      this.#next += 1;
      this.#deliver(ready);
    }
  }

  /** Numbers that came but wait for an earlier one. */
  get waiting(): number {
    return this.#waiting.size;
  }
}
