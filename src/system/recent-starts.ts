import { readFile } from "node:fs/promises";
import { writeDurably } from "./durable-files.ts";

const WITHIN_MS = 60_000;
const TOO_MANY = 5;

/**
 * Counts starts that did not end in order. The fifth within a minute is a crash loop: it should run in safe mode (promises.md
 * R16), where nothing is judged and outputs reject, until somebody has looked.
 */
export class RecentStarts {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** A start. A file that cannot be read or written counts as none. @param now epoch ms @returns true: this is a crash loop */
  async note(now: number): Promise<boolean> {
    const recent = (await this.#read()).filter((at) => at <= now && now - at < WITHIN_MS);
    await this.#write([...recent, now]);
    return recent.length + 1 >= TOO_MANY;
  }

  /** It ended in order: the next start is the first again. */
  async clear(): Promise<void> {
    await this.#write([]);
  }

  async #read(): Promise<readonly number[]> {
    try {
      const starts: unknown = JSON.parse(await readFile(this.#file, "utf8"));
      return Array.isArray(starts) ? starts.filter((at) => typeof at === "number") : [];
    } catch {
      return [];
    }
  }

  async #write(starts: readonly number[]): Promise<void> {
    await writeDurably(this.#file, JSON.stringify(starts)).catch(() => undefined);
  }
}
