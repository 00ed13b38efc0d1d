import type { Size } from "../domain/inspection.ts";
import { between, type Random } from "./synthesize/chance.ts";

/** What still is the same good part on the same line: gain, grey levels, degrees, and pixels at 256. */
const GAIN = 0.06;
const OFFSET = 5;
const DEGREES = 2;
const SHIFT_PX = 3;
const NOMINAL = 256;

/**
 * The picture of a good part under a little other light, turned by up to 2° about its middle and shifted by up to 1.2 % of
 * its shorter side; beyond the edge, the edge goes on.
 * @param picture RGB8; not changed
 */
export function varyMildly(picture: Uint8Array, size: Size, random: Random): Uint8Array {
  const gain = between(random, 1 - GAIN, 1 + GAIN);
  const offset = between(random, -OFFSET, OFFSET);
  const angle = (between(random, -DEGREES, DEGREES) * Math.PI) / 180;
  const reach = (SHIFT_PX * Math.min(size.width, size.height)) / NOMINAL;
  const moved = { angle, right: between(random, -reach, reach), down: between(random, -reach, reach) };
  const varied = sampled(picture, size, moved).map((value) => gain * value + offset);
  return new Uint8Array(varied.buffer);
}

/** Bilinear; each pixel of the result looks up where it comes from. */
function sampled(
  picture: Uint8Array,
  { width, height }: Size,
  moved: { readonly angle: number; readonly right: number; readonly down: number },
): Uint8ClampedArray {
  const result = new Uint8ClampedArray(picture.length);
  const [cos, sin] = [Math.cos(moved.angle), Math.sin(moved.angle)];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [x - middleX - moved.right, y - middleY - moved.down];
      const sourceX = clamp(middleX + cos * fromX + sin * fromY, width - 1);
      const sourceY = clamp(middleY - sin * fromX + cos * fromY, height - 1);
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [shareX, shareY] = [sourceX - left, sourceY - top];
      const upper = 3 * (top * width + left);
      const lower = top + 1 < height ? upper + 3 * width : upper;
      const next = left + 1 < width ? 3 : 0;
      for (let c = 0; c < 3; c++) {
        const above = picture[upper + c]! * (1 - shareX) + picture[upper + next + c]! * shareX;
        const below = picture[lower + c]! * (1 - shareX) + picture[lower + next + c]! * shareX;
        result[3 * (y * width + x) + c] = above * (1 - shareY) + below * shareY;
      }
    }
  }
  return result;
}

const clamp = (value: number, highest: number): number => Math.min(Math.max(value, 0), highest);
