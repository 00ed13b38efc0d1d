import type { Size } from "../domain/inspection.ts";
import { InputError } from "../domain/errors.ts";
import { openPicture } from "./read-picture.ts";
import { unreadable } from "./picture-error.ts";

/** Pixels cut from each side. */
export interface Crop {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * A camera's full picture as the model would have got it: cropped, stretched to `size`, RGB8. Like the camera's own scaling, but
 * not equal to it: another filter, and JPEG before it.
 * @throws InputError `picture-unreadable`, or `picture-size` if the crop leaves nothing
 */
export async function readCropped(file: string, crop: Crop, size: Size): Promise<Uint8Array> {
  const picture = await openPicture(file);
  const { width, height } = await picture.metadata().catch(async (error: unknown) => {
    throw await unreadable(file, error);
  });
  const own = {
    left: crop.left,
    top: crop.top,
    width: width - crop.left - crop.right,
    height: height - crop.top - crop.bottom,
  };
  if (own.width < 1 || own.height < 1) {
    const text = `${file} has ${width}x${height} pixels; the camera's crop leaves nothing of it. It was taken with another crop.`;
    throw new InputError("picture-size", text);
  }
  try {
    return await picture
      .extract(own)
      .toColourspace("srgb")
      .resize(size.width, size.height, { fit: "fill", kernel: "cubic", fastShrinkOnLoad: false })
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer();
  } catch (error) {
    throw await unreadable(file, error);
  }
}
