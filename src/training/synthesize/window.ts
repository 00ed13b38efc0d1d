import type { Size } from "../../domain/inspection.ts";
import type { Part } from "../../imaging/cut.ts";
import { wholeBetween, type Random } from "./chance.ts";

/** Side of the pictures that defects are described for: pixels (masks.ts). */
const NOMINAL = 256;

/**
 * Where the next anomaly is put on a large picture: a square of 256 pixels. A picture is large because its defects are small in it:
 * on all of a 640² board none would be as small as the real ones. Wide areas have a kind of their own (`wide-mask.ts`). Measured on
 * pcb-20085 against squares of 256 up to the whole, and half as many: gate .981 image AUROC for .901. Null for pictures of 256 and less.
 */
export function drawWindow({ width, height }: Size, random: Random): Part | null {
  const side = Math.min(width, height);
  if (side <= NOMINAL) return null;
  return {
    left: wholeBetween(random, 0, width - NOMINAL),
    top: wholeBetween(random, 0, height - NOMINAL),
    width: NOMINAL,
    height: NOMINAL,
  };
}

/** How many times as many anomalies a larger picture gets: as many as it has windows of 256. */
export function anomalyFactor({ width, height }: Size): number {
  return Math.max(1, Math.round((width * height) / NOMINAL ** 2));
}

/** A copy of the RGB8 picture with the part in its place. */
export function pasted(picture: Uint8Array, { width }: Size, window: Part, part: Uint8Array): Uint8Array {
  const copy = picture.slice();
  for (let row = 0; row < window.height; row++) {
    const line = part.subarray(3 * row * window.width, 3 * (row + 1) * window.width);
    copy.set(line, 3 * ((window.top + row) * width + window.left));
  }
  return copy;
}
