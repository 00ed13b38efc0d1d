import type { Size } from "../domain/inspection.ts";

/** Places looked at for sharpness: all of them would hold up a frame by 10 ms and more. */
const SHARPNESS_PLACES = 10_000;
const SMALLEST_STEP = 3;

/** BT.601 luma in integers, 0..255, of the RGB8 pixel that begins at byte `at`. */
export function luma(data: Uint8Array, at: number): number {
  return (77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0)) >> 8;
}

/** Mean luma of RGB8, 0..255. */
export function brightness(data: Uint8Array): number {
  let sum = 0;
  const pixels = Math.floor(data.length / 3);
  for (let i = 0; i < pixels; i++) sum += luma(data, i * 3);
  return pixels === 0 ? 0 : sum / pixels;
}

/**
 * Variance of the 4-neighbour Laplacian of luma, >= 0: falls when the picture blurs. Source: Pech-Pacheco et al. 2000.
 * Looked at in every third row and column, in fewer of a picture larger than 300² (0.1 ms).
 */
export function sharpness(data: Uint8Array, { width, height }: Size): number {
  let sum = 0;
  let squares = 0;
  const at = (x: number, y: number) => luma(data, (y * width + x) * 3);
  let count = 0;
  const wide = Math.max(SMALLEST_STEP, Math.floor(Math.sqrt((width * height) / SHARPNESS_PLACES)));
  const step = wide | 1; // odd: does not see only one colour of a checkerboard
  for (let y = 1; y < height - 1; y += step) {
    for (let x = 1; x < width - 1; x += step, count++) {
      const laplacian = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}
