import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import type { Size } from "../domain/inspection.ts";
import { InputError, messageOf } from "../domain/errors.ts";
import { decodeBmp } from "./decode-bmp.ts";
import { unreadable } from "./picture-error.ts";

/** Largest picture that is decoded: 200 megapixels is above today's inspection cameras and below what fills a small device. */
const MAX_PIXELS = 200_000_000;

/**
 * Reads one picture as RGB8 at `size`, stretched (the aspect ratio is not kept, as in the AAND and RD papers), by an
 * area-aware bicubic filter (a = -0.5, PIL's BICUBIC). EXIF orientation is applied; grey, palette, CMYK and 16-bit pictures
 * become 8-bit sRGB; transparent pixels are laid over black; of animations and multi-page files the first page counts.
 * @returns width * height * 3 bytes, row-major
 * @throws InputError `picture-missing`, `picture-too-large` or `picture-unreadable`, naming the file and the remedy
 */
export async function readPicture(file: string, size: Size): Promise<Uint8Array> {
  try {
    const picture = await openPicture(file);
    const { data, info } = await picture
      .autoOrient()
      .flatten({ background: "#000000" })
      .toColourspace("srgb")
      .resize(size.width, size.height, { fit: "fill", kernel: "cubic", fastShrinkOnLoad: false })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return toRgb(data, info.channels, size);
  } catch (error) {
    throw await pictureError(file, error);
  }
}

/** A picture file for sharp, which reads no BMP by itself. */
export async function openPicture(file: string): Promise<Sharp> {
  if (!/\.(bmp|dib)$/i.test(file)) return sharp(file, { limitInputPixels: MAX_PIXELS, failOn: "error" });
  const { width, height, data } = decodeBmp(await readFile(file), MAX_PIXELS);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Raw pixels of any channel count as RGB8: one or two channels are grey, a fourth is dropped. */
function toRgb(data: Uint8Array, channels: number, size: Size): Uint8Array {
  if (channels === 3) return data;
  const pixels = size.width * size.height;
  const rgb = new Uint8Array(pixels * 3);
  const isGrey = channels < 3;
  for (let i = 0; i < pixels; i++) {
    const from = i * channels;
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = data[isGrey ? from : from + c] ?? 0;
  }
  return rgb;
}

async function pictureError(file: string, error: unknown): Promise<InputError> {
  if (messageOf(error).includes("pixel limit")) {
    return new InputError(
      "picture-too-large",
      `${file} has more than ${MAX_PIXELS / 1e6} megapixels, the largest picture that assayd decodes. ` +
        "Crop or scale it down, or remove it from the folder.",
      { cause: error },
    );
  }
  return unreadable(file, error);
}
