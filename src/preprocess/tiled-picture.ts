import { createStitcher } from "./stitch.ts";
import { cutTile, type Tile, type Tiling } from "./tiling.ts";
import { hideIgnored, UNJUDGED, type IgnoredPlaces } from "./ignored-places.ts";

/** What a model says of a picture or tile: the highest value of the map, and the map (row-major). */
export interface Judgement {
  readonly score: number;
  readonly map: Float32Array;
}

/** How the tiles of a picture make one judgement. */
export interface TilePlan extends Tiling {
  /** Of the whole picture; null: everything is judged. */
  readonly ignored: IgnoredPlaces | null;
}

/** The tiles that have a judged place. */
export function judgedTiles(plan: TilePlan): readonly Tile[] {
  const { ignored } = plan;
  if (ignored === null) return plan.tiles;
  return plan.tiles.filter((tile) => cutTile(ignored.inside, plan, tile, 1).includes(1));
}

/**
 * Judges a picture of any size by a model for tiles, one tile after the other: memory stays that of one tile and the map.
 * @param judgeTile of RGB8 of `plan.tile`; its map may be overwritten by the next tile's
 * @returns a judge of RGB8 of `plan.picture`: the stitched map, UNJUDGED where ignored, and its highest value
 */
export function judgeInTiles(
  plan: TilePlan,
  judgeTile: (tile: Uint8Array) => Promise<Judgement>,
): (picture: Uint8Array) => Promise<Judgement> {
  const tiles = judgedTiles(plan);
  const addTile = createStitcher(plan);
  return async (picture) => {
    const shown = plan.ignored === null ? picture : hideIgnored(picture, plan.ignored);
    const map = new Float32Array(plan.picture.width * plan.picture.height);
    for (const tile of tiles) addTile(map, tile, (await judgeTile(cutTile(shown, plan, tile, 3))).map);
    plan.ignored?.inside.forEach((value, at) => {
      if (value === 0) map[at] = UNJUDGED;
    });
    return { score: highest(map), map };
  };
}

/** NaN if any value is: a model that overflows must not pass a part. */
function highest(map: Float32Array): number {
  let best = -Infinity;
  for (const value of map) {
    if (Number.isNaN(value)) return NaN;
    if (value > best) best = value;
  }
  return best;
}
