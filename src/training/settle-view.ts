import { createHash } from "node:crypto";
import type { PreprocessConfig } from "../config/preprocess-schema.ts";
import { ConfigError } from "../domain/errors.ts";
import type { Size } from "../domain/inspection.ts";
import { readMask } from "../imaging/mask.ts";
import { judgedArea } from "../preprocess/area.ts";
import { hideIgnored, type IgnoredPlaces } from "../preprocess/ignored-places.ts";
import type { Light } from "../preprocess/light.ts";
import { tilingOf } from "../preprocess/tiling.ts";
import type { View } from "../preprocess/view.ts";
import { quantileOf } from "./calibrate.ts";
import type { Normals } from "./normals.ts";
import type { TrainingJob } from "./protocol.ts";

/** Normal pictures that means are taken of; more change nothing. */
const LOOKED_AT = 64;

/**
 * What the preprocessing settings mean for these pictures: the judged places, what hides the others, the brightness that
 * light is brought to, and the tiles.
 * @param train numbers of the normals that train: held-out ones decide nothing here
 * @throws ConfigError `empty-area`, `tiling`, `preprocess`; InputError for a mask that cannot be read
 */
export async function settleView(
  { training: { preprocess }, inputSize, pictureSize }: TrainingJob,
  { pictures }: Normals,
  train: readonly number[],
): Promise<View> {
  const isTiled = pictureSize.width !== inputSize.width || pictureSize.height !== inputSize.height;
  if (isTiled && preprocess.foreground === "map") {
    throw new ConfigError(
      "preprocess",
      "training.preprocess: foreground: map is for pictures of one tile; with pictureSize use include or mask instead",
    );
  }
  const looked = train.slice(0, LOOKED_AT);
  const inside = await insideOf(preprocess, pictureSize);
  const ignored = inside && { inside, fill: await meanPicture(looked.map((at) => () => pictures.read(at))) };
  const shown = looked.map((at) => async () => hiding(await pictures.read(at), ignored));
  const light = lightFor(preprocess.light, await brightnessOf(shown));
  if (!isTiled) return { preprocess: { ignored, light }, judged: inside, tiles: null };
  const tiling = tilingOf(pictureSize, inputSize, preprocess.tileOverlapPx);
  return { preprocess: { ignored: null, light }, judged: null, tiles: { ...tiling, ignored } };
}

/** The places that a view leaves out before any tile is cut; null: none. */
export function ignoredOf({ preprocess, tiles }: View): IgnoredPlaces | null {
  return tiles === null ? preprocess.ignored : tiles.ignored;
}

/** Of all in a view that features depend on and that its settings do not say. */
export function fingerprint(view: View): string {
  const ignored = ignoredOf(view);
  const hash = createHash("sha256").update(JSON.stringify(view.preprocess.light));
  return (ignored ? hash.update(ignored.inside).update(ignored.fill) : hash).digest("hex");
}

export function hiding(picture: Uint8Array, ignored: IgnoredPlaces | null): Uint8Array {
  return ignored === null ? picture : hideIgnored(picture, ignored);
}

async function insideOf({ include, ignore, mask }: PreprocessConfig, size: Size): Promise<Uint8Array | null> {
  return judgedArea(
    { include, ignore, mask: mask === null ? null : (await readMask(mask, size)).pixels },
    size,
  );
}

type Pictures = readonly (() => Promise<Uint8Array>)[];

/** Mean of each byte. */
async function meanPicture(pictures: Pictures): Promise<Uint8Array> {
  let sums = new Float32Array();
  for (const read of pictures) {
    const picture = await read();
    if (sums.length === 0) sums = new Float32Array(picture.length);
    for (let at = 0; at < sums.length; at++) sums[at]! += picture[at]!;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / pictures.length));
}

/** Mean brightness of each picture, 0..1. */
async function brightnessOf(pictures: Pictures): Promise<readonly number[]> {
  const means: number[] = [];
  for (const read of pictures) {
    const picture = await read();
    let sum = 0;
    for (const value of picture) sum += value;
    means.push(sum / picture.length / 255);
  }
  return means;
}

/**
 * How much the brightness of good parts may vary, as a share of their median, before `auto` makes them equal. Magnetic-tile, .19,
 * gains .05 image AUROC by it; rendered products, at most .11, lose .01 to .02 (a stain changes the mean that it is judged by).
 */
const VARIED_BRIGHTNESS = 0.14;

/** Deviations of a normal distribution between its 10 % and its 90 % quantile. */
const MIDDLE_SPAN = 2.563;

/** Deviation by the middle 80 %: one dark picture among twenty decides nothing. */
function variationOf(brightness: readonly number[]): number {
  const span = quantileOf(brightness, 0.9) - quantileOf(brightness, 0.1);
  return span / MIDDLE_SPAN / quantileOf(brightness, 0.5);
}

function lightFor(wanted: PreprocessConfig["light"], brightness: readonly number[]): Light | null {
  const mean = brightness.reduce((sum, value) => sum + value, 0) / Math.max(brightness.length, 1);
  if (wanted === "auto") {
    return variationOf(brightness) > VARIED_BRIGHTNESS ? { kind: "contrast" } : null;
  }
  if (wanted === "off") return null;
  return wanted === "contrast" ? { kind: wanted } : { kind: wanted, target: mean };
}
