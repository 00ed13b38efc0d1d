import type { Size } from "../../domain/inspection.ts";

/**
 * In words, why caps are not packed RGB of the model's size in plain memory; null if they are. What cannot be read for sure (a
 * list, a range, a field that is there twice, more than one structure) is refused.
 */
export function wrongCaps(caps: string, { width, height }: Size): string | null {
  const wanted = { format: "(string)RGB", width: `(int)${width}`, height: `(int)${height}` };
  const [media, ...fields] = caps
    .trim()
    .replace(/;$/, "")
    .split(/\s*,\s*/);
  const fits = Object.entries(wanted).every(([name, value]) => {
    const given = fields.filter((field) => field.startsWith(`${name}=`));
    return given.length === 1 && given[0] === `${name}=${value}`;
  });
  if (fits && media === "video/x-raw" && !caps.trim().slice(0, -1).includes(";")) return null;
  return `caps are ${caps}, RGB ${width}x${height} is expected`;
}

/** In words, why bytes are not one RGB8 frame of the model's size; null if they are. A frame is never cut, padded or reshaped. */
export function wrongLength(bytes: Uint8Array, { width, height }: Size): string | null {
  const expected = width * height * 3;
  if (bytes.length === expected) return null;
  return `a frame of ${bytes.length} bytes, ${expected} (RGB ${width}x${height}) are expected`;
}
