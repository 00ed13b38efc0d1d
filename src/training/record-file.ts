import { open, rename, rm, type FileHandle } from "node:fs/promises";

/** Records of equal length in one file: written once, then read by index, so that memory stays flat however many there are. */
export class RecordFile {
  readonly #file: FileHandle;
  readonly #recordBytes: number;
  readonly count: number;

  private constructor(file: FileHandle, recordBytes: number, count: number) {
    this.#file = file;
    this.#recordBytes = recordBytes;
    this.count = count;
  }

  /** Writes what `produce` gives to `path`, in place of what was there. A failed write leaves nothing behind. */
  static async make(
    path: string,
    recordBytes: number,
    produce: () => AsyncIterable<Uint8Array>,
  ): Promise<RecordFile> {
    const writer = await open(path, "w");
    let count = 0;
    try {
      for await (const record of produce()) {
        await writer.writeFile(record);
        count += 1;
      }
    } catch (error) {
      await rm(path, { force: true }); // useless, and perhaps the reason why the disk is full
      throw error;
    } finally {
      await writer.close();
    }
    return new RecordFile(await open(path, "r"), recordBytes, count);
  }

  /** Opens `path`, made first and made durable if it is not there or not `count` records long; a kill leaves nothing under `path`. */
  static async openOrMake(
    path: string,
    { recordBytes, count }: { readonly recordBytes: number; readonly count: number },
    produce: () => AsyncIterable<Uint8Array>,
  ): Promise<RecordFile> {
    const existing = await openIfWhole(path, count * recordBytes);
    if (existing) return new RecordFile(existing, recordBytes, count);
    const made = await RecordFile.make(`${path}.tmp`, recordBytes, produce);
    await made.#file.sync();
    await rename(`${path}.tmp`, path);
    return made;
  }

  /** Record `index`, in memory of its own. */
  async read(index: number): Promise<Uint8Array> {
    const record = new Uint8Array(this.#recordBytes);
    await this.#file.read(record, 0, record.length, index * record.length);
    return record;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function openIfWhole(path: string, expectedBytes: number): Promise<FileHandle | null> {
  const file = await open(path, "r").catch(() => null);
  if (!file) return null;
  if ((await file.stat()).size === expectedBytes) return file;
  await file.close();
  return null;
}
