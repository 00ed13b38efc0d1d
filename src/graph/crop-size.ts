import { ModelError } from "../domain/errors.ts";
import type { Shape } from "./ops.ts";

/**
 * Size of one crop of a map that is cut into `count` × `count` equal ones.
 * @throws ModelError `crop-size` if height or width is no multiple of the count.
 */
export function cropOf({ c, h, w }: Shape, count: number): Shape {
  if (h % count === 0 && w % count === 0) return { c, h: h / count, w: w / count };
  throw new ModelError(
    "crop-size",
    `A map of ${h} × ${w} cannot be cut into ${count} × ${count} equal crops; use sides that are multiples of ${count}.`,
  );
}

/** Size of a map that is put together from `count` × `count` crops. */
export function joinedOf({ c, h, w }: Shape, count: number): Shape {
  return { c, h: count * h, w: count * w };
}
