import type { PictureShape } from "../config/preprocess-schema.ts";
import { ConfigError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";

/** Which places of a picture a person wants judged. */
export interface AreaWish {
  /** Only these; none: everything. */
  readonly include: readonly PictureShape[];
  /** Never these. */
  readonly ignore: readonly PictureShape[];
  /** width * height, 1 where judged; null: everything. */
  readonly mask: Uint8Array | null;
}

/**
 * The judged places as a mask: pixels whose middle is inside an `include` shape, outside of all `ignore` shapes and 1 in
 * the mask.
 * @returns width * height, 1 where judged; null if everything is
 * @throws ConfigError `empty-area` if nothing is left
 */
export function judgedArea({ include, ignore, mask }: AreaWish, size: Size): Uint8Array | null {
  const inside = mask?.slice() ?? new Uint8Array(size.width * size.height).fill(1);
  const included = drawn(include, size);
  const ignored = drawn(ignore, size);
  for (let at = 0; at < inside.length; at++) {
    if ((included !== null && included[at] === 0) || ignored?.[at] === 1) inside[at] = 0;
  }
  if (inside.every((value) => value === 1)) return null;
  if (inside.includes(1)) return inside;
  throw new ConfigError(
    "empty-area",
    "training.preprocess: include, ignore and mask leave no place that is judged; make ignore smaller or include larger",
  );
}

/** Mask of all shapes together; null for none. */
function drawn(shapes: readonly PictureShape[], size: Size): Uint8Array | null {
  if (shapes.length === 0) return null;
  const mask = new Uint8Array(size.width * size.height);
  for (const shape of shapes) fillPolygon(mask, size, corners(shape));
  return mask;
}

/** Two points are opposite corners of a rectangle. */
function corners(shape: PictureShape): PictureShape {
  const [a, b] = shape;
  if (shape.length > 2 || a === undefined || b === undefined) return shape;
  return [a, [b[0], a[1]], b, [a[0], b[1]]];
}

/** Even-odd rule, row by row at the middle of the pixels; points are shares of the picture. */
function fillPolygon(mask: Uint8Array, { width, height }: Size, polygon: PictureShape): void {
  for (let row = 0; row < height; row++) {
    const y = (row + 0.5) / height;
    const crossings: number[] = [];
    for (const [index, [toX, toY]] of polygon.entries()) {
      const [fromX, fromY] = polygon.at(index - 1) ?? [toX, toY];
      if (fromY > y !== toY > y) crossings.push(fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX));
    }
    crossings.sort((one, other) => one - other);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const from = Math.max(0, Math.ceil(crossings[pair]! * width - 0.5));
      const to = Math.min(width, Math.ceil(crossings[pair + 1]! * width - 0.5));
      if (from < to) mask.fill(1, row * width + from, row * width + to);
    }
  }
}
