import { z } from "zod";
import { sharpness } from "../luma.ts";
import type { Spectrum } from "./fourier.ts";
import { GREY_SIDE, lookAt, type GreyPicture, type Picture } from "./look.ts";
import { shiftBetween, spectrumOf } from "./shift.ts";

/** Good parts agree less than this with their own mean: they lie anywhere, or are a texture. */
export const MIN_AGREEMENT = 0.4; // fixed products have 0.6 to 0.9, textures up to 0.25 (test/imaging/quality)

/** What the good parts of a product looked like, as its bundle keeps it. */
export const qualityRecordSchema = z.strictObject({
  /** Mean luma, 0..255. */
  brightness: z.number(),
  /** Median variance of the Laplacian. */
  sharpness: z.number(),
  /** Mean picture of 64 × 64 grey values, base64; null: good parts have no common place. */
  grey: z.base64().nullable(),
});
export type QualityRecord = z.infer<typeof qualityRecordSchema>;

/** A record made ready for `checkQuality`. */
export interface QualityReference {
  readonly brightness: number;
  readonly sharpness: number;
  /** Of the mean picture. */
  readonly spectrum: Spectrum | null;
}

/** What is remembered of one good part until all are seen. */
export interface GoodLook {
  readonly grey: GreyPicture;
  readonly brightness: number;
  readonly sharpness: number;
}

export function goodLook(picture: Picture): GoodLook {
  const { grey, brightness } = lookAt(picture);
  return { grey, brightness, sharpness: sharpness(picture.data, picture) };
}

/** @param looks of good parts of one product, at least one */
export function qualityReference(looks: readonly GoodLook[]): QualityRecord {
  const brightness = looks.reduce((sum, look) => sum + look.brightness, 0) / looks.length;
  const mean = Uint8Array.from({ length: GREY_SIDE * GREY_SIDE }, (_, i) =>
    Math.round(looks.reduce((sum, { grey }) => sum + grey[i]!, 0) / looks.length),
  );
  const reference = spectrumOf(Float64Array.from(mean));
  const agreement = median(looks.map(({ grey }) => shiftBetween(spectrumOf(grey), reference).agreement));
  return {
    brightness,
    sharpness: median(looks.map((look) => look.sharpness)),
    grey: agreement < MIN_AGREEMENT ? null : Buffer.from(mean).toString("base64"),
  };
}

/** Once for each bundle, in place of once for each picture. */
export function readReference({ brightness, sharpness: sharp, grey }: QualityRecord): QualityReference {
  const spectrum = grey === null ? null : spectrumOf(Float64Array.from(Buffer.from(grey, "base64")));
  return { brightness, sharpness: sharp, spectrum };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
