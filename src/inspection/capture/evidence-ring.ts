/** JPEGs that are kept (protocol.ts). */
const KEPT = 32;

/** The last full-size JPEGs, found by a key that frame and JPEG share (run and PTS); waits for one that is still being made. */
export class EvidenceRing {
  readonly #jpegs = new Map<string, Uint8Array>();
  readonly #waiting = new Set<{ key: string; answer: (jpeg: Uint8Array | null) => void }>();

  put(key: string, jpeg: Uint8Array): void {
    this.#jpegs.set(key, jpeg);
    for (const oldest of this.#jpegs.keys()) {
      if (this.#jpegs.size <= KEPT) break;
      this.#jpegs.delete(oldest);
    }
    for (const waiting of this.#waiting) if (waiting.key === key) waiting.answer(jpeg);
  }

  /** The JPEG of a frame; null if it is gone or did not come within `waitMs`. */
  get(key: string, waitMs: number): Promise<Uint8Array | null> {
    const jpeg = this.#jpegs.get(key);
    if (jpeg !== undefined) return Promise.resolve(jpeg);
    return new Promise((resolve) => {
      const waiting = {
        key,
        answer: (found: Uint8Array | null) => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(found);
        },
      };
      const timer = setTimeout(waiting.answer, waitMs, null);
      this.#waiting.add(waiting);
    });
  }
}
