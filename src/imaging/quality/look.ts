import type { Size } from "../../domain/inspection.ts";
import { luma } from "../luma.ts";

/** RGB8, row-major. */
export interface Picture extends Size {
  readonly data: Uint8Array;
}

/** Side of the small grey picture. */
export const GREY_SIDE = 64;
/** Places looked at in each of its cells, a row: all pixels of a picture of 256². */
const PLACES = 4;
const DARK_LUMA = 16;
const BRIGHT_LUMA = 249;

/** Mean luma of each of 64 × 64 cells, 0..255. */
export type GreyPicture = Float64Array;

/** What a picture shows at a glance. */
export interface Look {
  readonly grey: GreyPicture;
  /** Mean luma, 0..255. */
  readonly brightness: number;
  /** Share of the picture that is nearly black, and that is saturated. */
  readonly darkShare: number;
  readonly brightShare: number;
}

/** Looks at 65,536 places of a picture, however large it is (0.3 ms). */
export function lookAt({ data, width, height }: Picture): Look {
  const grey = new Float64Array(GREY_SIDE * GREY_SIDE);
  const columns = placesAlong(width);
  const rows = placesAlong(height);
  let dark = 0;
  let bright = 0;
  let sum = 0;
  for (let row = 0; row < rows.length; row++) {
    const cells = Math.floor(row / PLACES) * GREY_SIDE;
    const first = rows[row]! * width;
    for (let column = 0; column < columns.length; column++) {
      const value = luma(data, 3 * (first + columns[column]!));
      if (value < DARK_LUMA) dark += 1;
      if (value > BRIGHT_LUMA) bright += 1;
      sum += value;
      const cell = cells + Math.floor(column / PLACES);
      grey[cell] = grey[cell]! + value;
    }
  }
  for (let cell = 0; cell < grey.length; cell++) grey[cell] = grey[cell]! / (PLACES * PLACES);
  const count = grey.length * PLACES * PLACES;
  return { grey, brightness: sum / count, darkShare: dark / count, brightShare: bright / count };
}

/** Evenly spread pixels of a row or column. */
function placesAlong(length: number): Uint32Array {
  const count = GREY_SIDE * PLACES;
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
}
