/**
 * What was answered (or is being worked on) under a key, for a time: a command that arrives twice is done once.
 * Bounded: the oldest go first.
 */
export class Answered<T> {
  readonly #entries = new Map<string, { at: number; answer: Promise<T> }>();
  readonly #keepMs: number;
  readonly #limit: number;

  constructor(keepMs: number, limit: number) {
    this.#keepMs = keepMs;
    this.#limit = limit;
  }

  /**
   * The first answer under this key, or that of `work`, which is then remembered.
   * @param nowMs monotonic   @param keeps false for answers that a second try may better, e.g. "busy"
   */
  once(key: string, nowMs: number, work: () => Promise<T>, keeps: (answer: T) => boolean): Promise<T> {
    this.#forget(nowMs);
    const known = this.#entries.get(key);
    if (known !== undefined) return known.answer;
    const answer = work();
    this.#entries.set(key, { at: nowMs, answer });
    const settled = (kept: boolean): void => {
      if (!kept && this.#entries.get(key)?.answer === answer) this.#entries.delete(key);
    };
    answer.then(
      (value) => {
        settled(keeps(value));
      },
      () => {
        settled(false);
      },
    );
    return answer;
  }

  #forget(nowMs: number): void {
    for (const [key, { at }] of this.#entries) {
      if (nowMs - at < this.#keepMs && this.#entries.size < this.#limit) return; // in order of age
      this.#entries.delete(key);
    }
  }
}
