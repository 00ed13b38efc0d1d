import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeDurably } from "../system/durable-files.ts";
import { jobSchema, type JobMessage } from "./schemas/station.ts";

const topicsSchema = z.record(z.string().min(1).max(1024), jobSchema.nullable());

/**
 * Retained topics that would tell a lie once the daemon has ended: alarms (null) and jobs, with their newest message. They
 * are noted in a file, so that the next run can set them right.
 */
export class KeptTopics {
  readonly #file: string;
  readonly #onFailure: (error: unknown) => void;
  readonly #topics: Map<string, JobMessage | null>;
  #isWritten = true;
  #writing: Promise<void> | null = null;

  /** @param onFailure the file cannot be written; it is tried again with the next change */
  static async read(file: string, onFailure: (error: unknown) => void): Promise<KeptTopics> {
    return new KeptTopics(file, onFailure, await topicsIn(file));
  }

  private constructor(
    file: string,
    onFailure: (error: unknown) => void,
    topics: Readonly<Record<string, JobMessage | null>>,
  ) {
    this.#file = file;
    this.#onFailure = onFailure;
    this.#topics = new Map(Object.entries(topics));
  }

  /** Those of earlier runs included, as long as nobody deleted them. */
  get all(): readonly (readonly [topic: string, job: JobMessage | null])[] {
    return [...this.#topics];
  }

  /** Returns at once. */
  set(topic: string, job: JobMessage | null): void {
    this.#topics.set(topic, job);
    this.#write();
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** The broker has nothing on it any more. Returns at once. */
  delete(topic: string): void {
    if (this.#topics.delete(topic)) this.#write();
  }

  /** Resolves when the file is as the topics are, or cannot be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #write(): void {
    this.#isWritten = false;
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (!this.#isWritten) {
      this.#isWritten = true;
      try {
        await writeDurably(this.#file, JSON.stringify(Object.fromEntries(this.#topics)));
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#writing = null;
  }
}

/** None where there is no such file, or it cannot be read. */
async function topicsIn(file: string): Promise<Readonly<Record<string, JobMessage | null>>> {
  try {
    return topicsSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return {};
  }
}
