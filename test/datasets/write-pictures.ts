import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** Writes grey PNG or JPEG pictures of 4 × 4, and grey 24-bit BMPs; the first pixel can be of another value. */
export async function writePictures(
  folder: string,
  files: Readonly<Record<string, { readonly ground: number; readonly first?: number }>>,
): Promise<void> {
  for (const [name, { ground, first = ground }] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    const values = Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? first : ground));
    if (name.endsWith(".bmp")) writeFileSync(file, bmpOf(values));
    else await sharp(values, { raw: { width: 4, height: 4, channels: 1 } }).toFile(file);
  }
}

/** 4 × 4 grey values as a 24-bit BMP, top row first. */
function bmpOf(values: Uint8Array): Buffer {
  const header = Buffer.alloc(54);
  header.write("BM", 0, "latin1");
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(4, 18);
  header.writeInt32LE(-4, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([header, Buffer.from([...values].flatMap((value) => [value, value, value]))]);
}
