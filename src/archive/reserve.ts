import { randomFillSync } from "node:crypto";
import { open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

const CHUNK_BYTES = 1024 * 1024;
const DISK_SHARE = 1 / 8; // a small disk gives less

/** A file that only holds space, to be given to the store when the disk is full (promises.md R4). */
export class Reserve {
  readonly #file: string;
  readonly #bytes: number;
  #held = false;

  /** @param wantedBytes at most an eighth of the disk is taken; 0: none */
  static async open(file: string, wantedBytes: number): Promise<Reserve> {
    const { blocks, bsize } = await statfs(dirname(file));
    const reserve = new Reserve(file, Math.min(wantedBytes, Math.floor(blocks * bsize * DISK_SHARE)));
    await reserve.#find();
    return reserve;
  }

  private constructor(file: string, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Takes the space. @throws the system's error, with nothing taken */
  async fill(): Promise<void> {
    if (this.#held || this.#bytes === 0) return;
    const temporary = `${this.#file}.tmp`;
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        const chunk = randomFillSync(Buffer.alloc(Math.min(CHUNK_BYTES, this.#bytes))); // zeros may take no space
        for (let left = this.#bytes; left > 0; left -= chunk.length)
          await file.write(chunk, 0, Math.min(left, chunk.length));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#file);
      this.#held = true;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Gives the space back to the disk. */
  async spend(): Promise<void> {
    this.#held = false;
    await rm(this.#file, { force: true });
    await rm(`${this.#file}.tmp`, { force: true });
  }

  /** Looks whether an earlier run left it. */
  async #find(): Promise<void> {
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => 0,
    );
    this.#held = this.#bytes > 0 && size === this.#bytes;
    if (!this.#held) await this.spend();
  }
}
