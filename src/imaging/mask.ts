import type { Size } from "../domain/inspection.ts";
import { unreadable } from "./picture-error.ts";
import { openPicture } from "./read-picture.ts";

/** A ground-truth mask at model size. */
export interface Mask {
  /** width * height, 1 where defective. */
  readonly pixels: Uint8Array;
  /** True if the original mask has any defect pixel, also if scaling lost it: such a picture stays bad. */
  readonly defective: boolean;
}

/**
 * Reads a ground-truth mask by nearest neighbour (pixel centres, as PIL). A pixel is defective above half of the mask's
 * highest value, so that JPEG noise does not count. A mask with no value of 128 or more holds numbers of classes (0/1 masks;
 * VisA, one number a kind of defect): there every value but 0 is defective.
 * @throws InputError `picture-missing`, `picture-unreadable`
 */
export async function readMask(file: string, size: Size): Promise<Mask> {
  try {
    const picture = await openPicture(file);
    const { data, info } = await picture
      .flatten({ background: "#000000" })
      .toColourspace("b-w")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return scaleMask(data, { width: info.width, height: info.height }, info.channels, size);
  } catch (error) {
    throw await unreadable(file, error);
  }
}

/** True if a full-size mask has no pixel above half of full brightness. @throws as `readMask` */
export async function isBlackMask(file: string): Promise<boolean> {
  try {
    const { channels } = await (await openPicture(file)).flatten({ background: "#000000" }).stats();
    return channels.every(({ max }) => max < 128);
  } catch (error) {
    throw await unreadable(file, error);
  }
}

function scaleMask(data: Uint8Array, source: Size, channels: number, size: Size): Mask {
  let highest = 0;
  for (let i = 0; i < data.length; i += channels) highest = Math.max(highest, data[i] ?? 0);
  const limit = highest < 128 ? 0 : highest / 2;
  const pixels = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const row = Math.floor(((y + 0.5) * source.height) / size.height) * source.width;
    for (let x = 0; x < size.width; x++) {
      const column = Math.floor(((x + 0.5) * source.width) / size.width);
      pixels[y * size.width + x] = (data[(row + column) * channels] ?? 0) > limit ? 1 : 0;
    }
  }
  return { pixels, defective: highest > 0 };
}
