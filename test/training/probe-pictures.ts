import type { Size } from "../../src/domain/inspection.ts";

/** Mixup: half of each picture. @param a and b RGB8 of one size */
export function mixedPicture(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((value, at) => Math.round((value + b[at]!) / 2));
}

/** Share of the picture's area that is pasted, and the longest side ratio. */
const AREA = [0.02, 0.15] as const;
const RATIO = 3;

/** Cross-class CutPaste: a rectangle of `from`, from anywhere to anywhere of `onto`. */
export function pastedPicture(
  onto: Uint8Array,
  from: Uint8Array,
  { width, height }: Size,
  random: () => number,
): Uint8Array {
  const below = (count: number): number => Math.floor(random() * count);
  const area = (AREA[0] + (AREA[1] - AREA[0]) * random()) * width * height;
  const ratio = RATIO ** (2 * random() - 1);
  const [across, down] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
  const source = { x: below(width - across), y: below(height - down) };
  const target = { x: below(width - across), y: below(height - down) };
  const picture = Uint8Array.from(onto);
  for (let row = 0; row < down; row++) {
    const start = 3 * ((source.y + row) * width + source.x);
    picture.set(from.subarray(start, start + 3 * across), 3 * ((target.y + row) * width + target.x));
  }
  return picture;
}
