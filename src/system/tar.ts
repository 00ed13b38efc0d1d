import { createReadStream } from "node:fs";
import { stat, type FileHandle } from "node:fs/promises";

const BLOCK = 512;

/** One file of an archive: held in memory, or read from the disk when its turn comes. */
export type TarEntry = {
  /** Relative, `/` between levels, at most 255 bytes with a last level of at most 100. */
  readonly name: string;
  /** Epoch ms. */
  readonly modifiedAt: number;
} & ({ readonly data: Uint8Array } | { readonly file: string });

/**
 * Writes a POSIX ustar archive (IEEE 1003.1, pax "ustar Interchange Format") in constant memory.
 * @returns its size in bytes @throws RangeError on a name that does not fit; Error on a file that changed its size meanwhile
 */
export async function writeTar(target: FileHandle, entries: readonly TarEntry[]): Promise<number> {
  let size = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await target.writeFile(bytes);
    size += bytes.length;
  };
  for (const entry of entries) {
    const length = "data" in entry ? entry.data.length : (await stat(entry.file)).size;
    await write(header(entry, length));
    if ("data" in entry) await write(entry.data);
    else await copy(entry.file, length, write);
    await write(new Uint8Array((BLOCK - (length % BLOCK)) % BLOCK));
  }
  await write(new Uint8Array(2 * BLOCK));
  return size;
}

async function copy(
  file: string,
  length: number,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let copied = 0;
  for await (const chunk of createReadStream(file)) {
    const bytes = chunk as Buffer;
    copied += bytes.length;
    if (copied <= length) await write(bytes);
  }
  if (copied !== length) throw new Error(`${file} changed while it was read; write the archive again`);
}

/** Field offsets and widths of IEEE 1003.1, table "ustar Header Block". */
function header({ name, modifiedAt }: TarEntry, length: number): Uint8Array {
  const { prefix, rest } = splitName(name);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    block.write(
      Math.floor(value)
        .toString(8)
        .padStart(width - 1, "0"),
      at,
      "ascii",
    );
  };
  block.write(rest, 0, "utf8");
  octal(0o600, 100, 8); // mode
  octal(0, 108, 8); // uid
  octal(0, 116, 8); // gid
  octal(length, 124, 12);
  octal(Math.max(0, modifiedAt / 1000), 136, 12);
  block.write(" ".repeat(8), 148, "ascii"); // checksum, counted as blanks
  block.write("0", 156, "ascii"); // regular file
  block.write("ustar\0" + "00", 257, "ascii");
  block.write(prefix, 345, "utf8");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return block;
}

function splitName(name: string): { readonly prefix: string; readonly rest: string } {
  if (Buffer.byteLength(name) <= 100) return { prefix: "", rest: name };
  for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return { prefix, rest };
  }
  throw new RangeError(`"${name}" is too long for a tar archive`);
}
