interface Waiting<T> {
  readonly resolve: (answer: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Answers awaited from another process, by number, each with its own time-out. Late and unknown answers are ignored. */
export class PendingRequests<T> {
  readonly #waiting = new Map<number, Waiting<T>>();

  /** Resolves by `resolve`, rejects by `reject`, or with `onTimeout`'s error after `timeoutMs`. */
  open(id: number, timeoutMs: number, onTimeout: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.reject(id, onTimeout());
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  resolve(id: number, answer: T): void {
    this.#take(id)?.resolve(answer);
  }

  reject(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  rejectAll(error: () => Error): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error());
  }

  #take(id: number): Waiting<T> | undefined {
    const waiting = this.#waiting.get(id);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}
