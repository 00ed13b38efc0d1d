import type { Size } from "../../domain/inspection.ts";
import { between, wholeBetween, type Random } from "./chance.ts";

/** Highest scale exponent a side: 2^0 to 2^5 cells (DRAEM, AAND). */
const MAX_SCALE = 5;
const THRESHOLD = 0.5;

/**
 * A random irregular mask: Perlin noise of 2^0..2^5 cells a side, rotated by up to ±90°, above 0.5. It can be empty.
 * The grid goes on beyond the rotated picture, so corners are as likely as the middle (DRAEM's rotation leaves them empty).
 * @returns width * height, 0/1
 */
export function perlinMask(size: Size, random: Random): Uint8Array {
  const cellsX = 2 ** wholeBetween(random, 0, MAX_SCALE);
  const cellsY = 2 ** wholeBetween(random, 0, MAX_SCALE);
  const angle = between(random, -Math.PI / 2, Math.PI / 2);
  const noise = createPerlin(2 * cellsX + 3, 2 * cellsY + 3, random);
  const phaseX = cellsX + random(); // else the middle of every picture would lie on a grid point, where noise is 0
  const phaseY = cellsY + random();
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const mask = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const down = (y + 0.5) / size.height - 0.5;
    for (let x = 0; x < size.width; x++) {
      const right = (x + 0.5) / size.width - 0.5;
      const u = (right * cos - down * sin) * cellsX + phaseX;
      const v = (right * sin + down * cos) * cellsY + phaseY;
      if (noise(u, v) > THRESHOLD) mask[y * size.width + x] = 1;
    }
  }
  return mask;
}

/**
 * Perlin's gradient noise on a grid of columns × rows cells, about -1..1 (gradients of length one, times √2).
 * @returns the noise at 0 ≤ x < columns − 1, 0 ≤ y < rows − 1, in cells
 */
export function createPerlin(
  columns: number,
  rows: number,
  random: Random,
): (x: number, y: number) => number {
  const gradients = new Float32Array(columns * rows * 2);
  for (let i = 0; i < gradients.length; i += 2) {
    const angle = random() * 2 * Math.PI;
    gradients[i] = Math.cos(angle);
    gradients[i + 1] = Math.sin(angle);
  }
  const slope = (column: number, row: number, right: number, down: number): number => {
    const at = (row * columns + column) * 2;
    return gradients[at]! * right + gradients[at + 1]! * down;
  };
  return (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const right = x - column;
    const down = y - row;
    const across = fade(right);
    const upper = mix(slope(column, row, right, down), slope(column + 1, row, right - 1, down), across);
    const lower = mix(
      slope(column, row + 1, right, down - 1),
      slope(column + 1, row + 1, right - 1, down - 1),
      across,
    );
    return Math.SQRT2 * mix(upper, lower, fade(down));
  };
}

function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
