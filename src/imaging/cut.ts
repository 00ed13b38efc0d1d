import type { Size } from "../domain/inspection.ts";

/** A part of a picture, pixels. */
export interface Part extends Size {
  readonly left: number;
  readonly top: number;
}

/** The part as a picture of its own. @param channels bytes a pixel: 3 for RGB8, 1 for a mask */
export function cut(picture: Uint8Array, { width }: Size, part: Part, channels: 1 | 3): Uint8Array {
  const row = part.width * channels;
  const own = new Uint8Array(row * part.height);
  for (let y = 0; y < part.height; y++) {
    const from = ((part.top + y) * width + part.left) * channels;
    own.set(picture.subarray(from, from + row), y * row);
  }
  return own;
}
