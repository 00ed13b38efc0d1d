import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "../domain/inspection.ts";
import { messageOf } from "../domain/errors.ts";
import { writePng } from "../imaging/write-picture.ts";

export interface CollectionStatus {
  readonly active: boolean;
  /** Pictures in the folder. */
  readonly collected: number;
  /** Wanted, or null for "until stopped". */
  readonly wanted: number | null;
  /** Frames that came faster than the disk could take them. */
  readonly dropped: number;
  readonly error: string | null;
}

/** Frames waiting for the disk; more are dropped and counted. */
const QUEUE_LIMIT = 16;

/** Keeps the frames of normal parts, at model size and unchanged, for the next training: `<folder>/<frame id>.png`. */
export class Collector {
  readonly #folder: string;
  readonly #onChange: (status: CollectionStatus) => void;
  #status: CollectionStatus = { active: false, collected: 0, wanted: null, dropped: 0, error: null };
  readonly #queue: Frame[] = [];
  /** Accepted but not yet on disk. */
  #pending = 0;
  #writing: Promise<void> | null = null;
  #run = 0;

  constructor(folder: string, onChange: (status: CollectionStatus) => void) {
    this.#folder = folder;
    this.#onChange = onChange;
  }

  get folder(): string {
    return this.#folder;
  }

  get status(): CollectionStatus {
    return this.#status;
  }

  /** @param reset begins an empty folder; the old one is kept beside it (`<folder>.old`) until the next reset. */
  async start(options: { wanted: number | null; reset: boolean; now: number }): Promise<CollectionStatus> {
    if (options.reset) await setAside(this.#folder);
    await mkdir(this.#folder, { recursive: true });
    const present = (await readdir(this.#folder)).filter((file) => file.endsWith(".png")).length;
    this.#run = options.now;
    const wanted = options.wanted === null ? null : present + options.wanted;
    this.#change({ active: true, collected: present, wanted, dropped: 0, error: null });
    return this.#status;
  }

  /** Ends collecting; resolves when the last picture is on disk. */
  async stop(): Promise<CollectionStatus> {
    this.#change({ active: false });
    await this.#writing;
    return this.#status;
  }

  /** Takes a frame if collecting; never waits for the disk. */
  offer(frame: Frame): void {
    const { active, wanted, collected, dropped } = this.#status;
    if (!active || (wanted !== null && collected + this.#pending >= wanted)) return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#change({ dropped: dropped + 1 });
      return;
    }
    this.#pending += 1;
    this.#queue.push(frame);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    for (let frame = this.#queue.shift(); frame; frame = this.#queue.shift()) {
      try {
        await writePng(join(this.#folder, `${this.#run}-${frame.id}.png`), frame.data, frame);
      } catch (error) {
        this.#queue.length = 0;
        this.#pending = 0;
        this.#change({ active: false, error: `collecting stopped: ${messageOf(error)}` });
        break;
      }
      this.#pending -= 1;
      const collected = this.#status.collected + 1;
      this.#change({ collected, active: this.#status.active && collected !== this.#status.wanted });
    }
    this.#writing = null; // in the same turn as the last look at the queue, so that no frame waits for a writer that has gone
  }

  #change(change: Partial<CollectionStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#onChange(this.#status);
  }
}

async function setAside(folder: string): Promise<void> {
  const old = `${folder}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(folder, old).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  });
}
