import { statfs } from "node:fs/promises";
import type { Logger } from "pino";
import { messageOf } from "../domain/errors.ts";
import type { Archive } from "./archive.ts";
import type { Reserve } from "./reserve.ts";

const CHECK_EVERY_MS = 5000;
const SHORT_CHECK_EVERY_MS = 1000;
const PRUNES_AT_ONCE = 20;
const RESERVES_FREE = 2; // below so many times the reserve the disk is short of space

/** How the disk stands. */
export interface DiskState {
  readonly freeBytes: number;
  readonly reserveHeld: boolean;
  /** The store cannot write for want of space. */
  readonly storeFull: boolean;
}

/** What to do about it: `well` pictures may be kept; `short` they give way, then the history; `full` the reserve goes to the store. */
export type DiskLevel = "well" | "short" | "full";

/** @param reserveBytes 0: only what the store says counts */
export function diskLevel({ freeBytes, reserveHeld, storeFull }: DiskState, reserveBytes: number): DiskLevel {
  if (storeFull && reserveHeld) return "full";
  if (storeFull || freeBytes < RESERVES_FREE * reserveBytes) return "short";
  return "well";
}

export interface DiskGuardOptions {
  /** Any path on the disk that is watched. */
  readonly folder: string;
  readonly reserve: Reserve;
  readonly archive: Pick<Archive, "makeRoom" | "pause" | "resume">;
  /** Deletes a chunk of the oldest inspections unless the store has room for new ones. @returns how many */
  readonly pruneHistory: () => Promise<number>;
  readonly logger: Logger;
}

/**
 * Keeps results and audit going on a full disk (promises.md R4): pictures go first, then history, and a reserve is given to
 * the store. It comes back by itself when there is space again. Nothing here is on a part's way.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions;
  #storeFull = false;
  #level: DiskLevel = "well";
  #timer: NodeJS.Timeout | null = null;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  get level(): DiskLevel {
    return this.#level;
  }

  async start(): Promise<void> {
    await this.check();
    this.#again();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#checking;
  }

  /** The store begins or ceases to fail; only a full disk matters here. */
  storeFailed(code: string | null): void {
    const full = code === "disk-full";
    if (full === this.#storeFull) return;
    this.#storeFull = full;
    void this.check();
  }

  /** Looks at the disk and does what must be done. Never rejects. */
  check(): Promise<void> {
    this.#checking = this.#checking
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#options.logger.warn(`disk space not looked after: ${messageOf(error)}`);
      });
    return this.#checking;
  }

  async #look(): Promise<void> {
    const { folder, reserve, archive, pruneHistory, logger } = this.#options;
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const level = diskLevel(
      { freeBytes, reserveHeld: reserve.held, storeFull: this.#storeFull },
      reserve.bytes,
    );
    if (level !== this.#level)
      logger.warn({ level, freeBytes, reserveHeld: reserve.held }, `disk space: ${level}`);
    this.#level = level;
    if (level === "well") {
      archive.resume();
      // as much must be free again as makes the disk well after the reserve is taken
      if (!reserve.held && freeBytes >= (RESERVES_FREE + 1) * reserve.bytes) await reserve.fill();
      return;
    }
    archive.pause();
    if (level === "full") await reserve.spend();
    const freed = await archive.makeRoom(RESERVES_FREE * reserve.bytes - freeBytes);
    // the history gives way while there is still space to write its deletion to
    for (let n = 0; freed === 0 && !reserve.held && n < PRUNES_AT_ONCE; n += 1)
      if ((await pruneHistory()) === 0) break;
  }

  #again(): void {
    this.#timer = setTimeout(
      () => {
        void this.check().then(() => {
          if (this.#timer !== null) this.#again();
        });
      },
      this.#level === "well" ? CHECK_EVERY_MS : SHORT_CHECK_EVERY_MS,
    );
  }
}
