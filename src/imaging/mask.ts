import sharp from "sharp";
import type { Size } from "../domain/inspection.ts";
import { unreadable } from "./picture-error.ts";

/** A ground-truth mask at model size. */
export interface Mask {
  /** width * height, 1 where defective. */
  readonly pixels: Uint8Array;
  /** True if the original mask has any defect pixel, also if scaling lost it: such a picture stays bad. */
  readonly defective: boolean;
}

/**
 * Reads a ground-truth mask by nearest neighbour (pixel centres, as PIL). A pixel is defective above half of the mask's
 * highest value, so 0/255 and 0/1 masks both work and JPEG noise does not count.
 * @throws InputError `picture-unreadable`
 */
export async function readMask(file: string, size: Size): Promise<Mask> {
  try {
    const { data, info } = await sharp(file)
      .flatten({ background: "#000000" })
      .toColourspace("b-w")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return scaleMask(data, { width: info.width, height: info.height }, info.channels, size);
  } catch (error) {
    throw await unreadable(file, error);
  }
}

function scaleMask(data: Uint8Array, source: Size, channels: number, size: Size): Mask {
  let highest = 0;
  for (let i = 0; i < data.length; i += channels) highest = Math.max(highest, data[i] ?? 0);
  const pixels = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = Math.floor(((y + 0.5) * source.height) / size.height) * source.width;
    for (let x = 0; x < size.width; x++) {
      const column = Math.floor(((x + 0.5) * source.width) / size.width);
      pixels[y * size.width + x] = (data[(row + column) * channels] ?? 0) > highest / 2 ? 1 : 0;
    }
  }
  return { pixels, defective: highest > 0 };
}
