import { ConfigError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import { cut } from "../imaging/cut.ts";

/** Where a tile begins in the picture, pixels. */
export interface Tile {
  readonly left: number;
  readonly top: number;
}

/** A picture cut into overlapping tiles of one size. */
export interface Tiling {
  readonly picture: Size;
  readonly tile: Size;
  /** Row by row. */
  readonly tiles: readonly Tile[];
}

/**
 * As few tiles as cover the picture with at least this overlap, spread evenly; a side that one tile covers has one.
 * @throws ConfigError `tiling` if the picture is smaller than a tile, or the overlap leaves less than half of one
 */
export function tilingOf(picture: Size, tile: Size, overlapPx: number): Tiling {
  if (picture.width < tile.width || picture.height < tile.height) {
    throw new ConfigError(
      "tiling",
      `pictureSize ${picture.width}×${picture.height} is smaller than the model's input ${tile.width}×${tile.height}; ` +
        "make it larger, or inputSize smaller",
    );
  }
  if (overlapPx > Math.min(tile.width, tile.height) / 2) {
    throw new ConfigError(
      "tiling",
      `tileOverlapPx ${overlapPx} is more than half of the model's input ${tile.width}×${tile.height}; make it smaller`,
    );
  }
  const lefts = startsOf(picture.width, tile.width, overlapPx);
  const tops = startsOf(picture.height, tile.height, overlapPx);
  return { picture, tile, tiles: tops.flatMap((top) => lefts.map((left) => ({ left, top }))) };
}

/** Where tiles of `length` begin on a side, first 0, last at the end. */
function startsOf(side: number, length: number, overlapPx: number): number[] {
  if (side === length) return [0];
  const count = Math.max(2, Math.ceil((side - overlapPx) / (length - overlapPx)));
  return Array.from({ length: count }, (_, at) => Math.round((at * (side - length)) / (count - 1)));
}

/** A tile's part of a picture. @param channels values a pixel: 3 for RGB8, 1 for masks */
export function cutTile(
  picture: Uint8Array,
  { picture: whole, tile }: Tiling,
  place: Tile,
  channels: 1 | 3,
): Uint8Array {
  return cut(picture, whole, { ...tile, ...place }, channels);
}
