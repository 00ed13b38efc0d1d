import type { Size } from "../../domain/inspection.ts";
import { between, type Random } from "./chance.ts";

/**
 * The picture under slightly other light: gain and offset (half of the time), uneven shading and sensor noise (three in ten
 * each). Not flipped: a part that lies the other way round is not normal.
 * @returns a new RGB8 picture of the same size
 */
export function varyLight(image: Uint8Array, size: Size, random: Random): Uint8Array {
  const isScaled = random() < 0.5;
  const gain = isScaled ? between(random, 0.8, 1.25) : 1;
  const offset = isScaled ? between(random, -10, 10) : 0;
  const shade = random() < 0.3 ? Array.from({ length: 9 }, () => between(random, 0.8, 1.2)) : null;
  const noise = random() < 0.3 ? between(random, 1, 6) : 0;
  const varied = new Uint8ClampedArray(image.length);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const light = gain * (shade === null ? 1 : shadeAt(shade, x / size.width, y / size.height));
      const grain = noise > 0 ? (random() + random() - 1) * 2.4 * noise + offset : offset;
      const at = (y * size.width + x) * 3;
      varied[at] = image[at]! * light + grain;
      varied[at + 1] = image[at + 1]! * light + grain;
      varied[at + 2] = image[at + 2]! * light + grain;
    }
  }
  return new Uint8Array(varied.buffer);
}

/** Bilinear in a 3 × 3 grid over the picture. */
function shadeAt(grid: readonly number[], right: number, down: number): number {
  const column = right < 0.5 ? 0 : 1;
  const row = down < 0.5 ? 0 : 1;
  const fx = right * 2 - column;
  const fy = down * 2 - row;
  const at = row * 3 + column;
  const upper = grid[at]! * (1 - fx) + grid[at + 1]! * fx;
  const lower = grid[at + 3]! * (1 - fx) + grid[at + 4]! * fx;
  return upper * (1 - fy) + lower * fy;
}
