import type { Size } from "../../domain/inspection.ts";

/** In words, why caps are not packed RGB of the model's size; null if they are. */
export function wrongCaps(caps: string, { width, height }: Size): string | null {
  const has = (field: string) => new RegExp(`\\b${field}(,|;|$)`).test(caps);
  const fits =
    has("format=\\(string\\)RGB") && has(`width=\\(int\\)${width}`) && has(`height=\\(int\\)${height}`);
  return fits ? null : `caps are ${caps}, RGB ${width}x${height} is expected`;
}

/** In words, why bytes are not one RGB8 frame of the model's size; null if they are. A frame is never cut, padded or reshaped. */
export function wrongLength(bytes: Uint8Array, { width, height }: Size): string | null {
  const expected = width * height * 3;
  if (bytes.length === expected) return null;
  return `a frame of ${bytes.length} bytes, ${expected} (RGB ${width}x${height}) are expected`;
}
