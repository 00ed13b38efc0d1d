import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeDurably } from "../../system/durable-files.ts";

const topicsSchema = z.array(z.string().min(1).max(1024));

/** Discovery topics that were announced and not taken away, over restarts. */
export class AnnouncedFile {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Empty where nothing was announced, or the file cannot be read. */
  async read(): Promise<readonly string[]> {
    try {
      return topicsSchema.parse(JSON.parse(await readFile(this.#file, "utf8")));
    } catch {
      return [];
    }
  }

  /** @throws the system's error; what was written before stays */
  async write(topics: readonly string[]): Promise<void> {
    await writeDurably(this.#file, JSON.stringify(topics));
  }
}
