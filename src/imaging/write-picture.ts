import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import type { Size } from "../domain/inspection.ts";
import { InputError } from "../domain/errors.ts";

/**
 * Writes RGB8 (width * height * 3 bytes) as a PNG so that `file` is either whole or absent: a hidden temporary file in the
 * same folder is written, synced and renamed. The folder must exist.
 * @throws InputError `picture-size` if the data does not fit the size; file-system errors as they are (ENOSPC …)
 */
export async function writePng(file: string, data: Uint8Array, size: Size): Promise<void> {
  const expected = size.width * size.height * 3;
  if (data.length !== expected) {
    throw new InputError(
      "picture-size",
      `The picture for ${file} has ${data.length} bytes; ${size.width}x${size.height} RGB8 needs ${expected}. ` +
        "Pass the size of the data.",
    );
  }
  const png = await sharp(data, { raw: { width: size.width, height: size.height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer();
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    await writeSynced(temporary, png);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeSynced(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, "w");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
