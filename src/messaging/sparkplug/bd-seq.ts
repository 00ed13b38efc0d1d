import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { writeDurably } from "../../system/durable-files.ts";

/**
 * The number that ties a birth to its death certificate: 0..255, one more for each CONNECT, over restarts too
 * (tck-id-topics-nbirth-bdseq-increment). An attempt that finds no broker sends no CONNECT and uses no number.
 */
export class BdSeq {
  readonly #file: string;
  readonly #logger: Logger;
  #next: number | null = null;
  #stored: number | null = null;

  constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** The number for the next CONNECT; it is on the disk before it is used, so that a crash cannot use it twice. */
  async reserve(): Promise<number> {
    this.#next ??= following(await this.#read());
    if (this.#stored !== this.#next) await this.#write(this.#next);
    return this.#next;
  }

  /** The CONNECT with the reserved number goes out. */
  used(): void {
    this.#next = following(this.#next);
  }

  async #read(): Promise<number | null> {
    try {
      const number = Number(await readFile(this.#file, "utf8"));
      return Number.isInteger(number) && number >= 0 && number <= 255 ? number : null;
    } catch {
      return null; // the first start; or an unreadable file, and then any number will do
    }
  }

  async #write(number: number): Promise<void> {
    try {
      await writeDurably(this.#file, String(number));
      this.#stored = number;
    } catch (error) {
      this.#logger.warn({ err: error, file: this.#file }, "Sparkplug bdSeq not kept; a restart repeats it");
    }
  }
}

function following(number: number | null): number {
  return number === null ? 0 : (number + 1) % 256;
}
