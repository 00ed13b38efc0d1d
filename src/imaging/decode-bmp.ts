import type { Size } from "../domain/inspection.ts";

/** Uncompressed kinds of BMP: bits a pixel. Industrial software writes these; libvips (sharp) reads no BMP. */
const SUPPORTED_BITS = [8, 24, 32];
const NO_COMPRESSION = 0;
const BIT_FIELDS = 3;
const FILE_HEADER = 14;
const INFO_HEADER = 40;

/**
 * Decodes an uncompressed Windows bitmap (8-bit palette, 24 or 32 bits; alpha is ignored).
 * @returns RGB8, top row first
 * @throws RangeError with the reason if the file is another kind or is cut off
 */
export function decodeBmp(file: Buffer, maxPixels: number): Size & { readonly data: Uint8Array } {
  if (file.length < FILE_HEADER + INFO_HEADER) throw new RangeError("BMP header is cut off");
  const width = file.readInt32LE(18);
  const signedHeight = file.readInt32LE(22); // negative: top row first
  const height = Math.abs(signedHeight);
  const bits = file.readUInt16LE(28);
  const compression = file.readUInt32LE(30);
  if (!SUPPORTED_BITS.includes(bits) || ![NO_COMPRESSION, BIT_FIELDS].includes(compression)) {
    throw new RangeError(`BMP with ${bits} bits and compression ${compression} is not supported`);
  }
  if (width <= 0 || height === 0) throw new RangeError(`BMP of ${width}x${height} pixels`);
  if (width * height > maxPixels) throw new RangeError("BMP exceeds pixel limit");
  const pixelsAt = file.readUInt32LE(10);
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (file.length < pixelsAt + rowBytes * height) throw new RangeError("BMP is cut off");
  const colour = colourReader(file, bits);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = pixelsAt + rowBytes * (signedHeight < 0 ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const from = colour(row + (x * bits) / 8);
      const to = (y * width + x) * 3;
      data[to] = file[from + 2] ?? 0; // stored blue, green, red
      data[to + 1] = file[from + 1] ?? 0;
      data[to + 2] = file[from] ?? 0;
    }
  }
  return { width, height, data };
}

/** Where the colour of the pixel stored at an offset is: there, or in the palette. */
function colourReader(file: Buffer, bits: number): (offset: number) => number {
  if (bits !== 8) return (offset) => offset;
  const paletteAt = FILE_HEADER + file.readUInt32LE(FILE_HEADER);
  return (offset) => paletteAt + (file[offset] ?? 0) * 4;
}
