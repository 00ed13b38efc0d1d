import { z } from "zod";

/**
 * How pictures are prepared before the teacher sees them, and which places of them count. Part of the training settings
 * (`training.preprocess`), each recipe may differ (`recipes`). A bundle keeps what was used, so inspection follows the
 * bundle, never these settings.
 */

const share = z.number().min(0).max(1);
const shape = z
  .array(z.tuple([share, share]))
  .min(2)
  .describe("points [x, y] in shares of the picture: two opposite corners of a rectangle, or a polygon");
export type PictureShape = z.infer<typeof shape>;

/** Square model input in pixels. */
export const inputSize = z.int().min(64).max(1024).multipleOf(32);

/** Each key, without its default. */
export const preprocessFields = {
  pictureSize: z
    .strictObject({
      width: z.int().min(64).max(4096).multipleOf(4),
      height: z.int().min(64).max(4096),
    })
    .nullable()
    .describe(
      "pictures are scaled to it and cut into overlapping tiles of the model's input size; null: one tile",
    ),
  tileOverlapPx: z.int().min(0).describe("at least so much of two neighbouring tiles is the same"),
  include: z.array(shape).describe("regions of interest: only these places are judged; none: everything"),
  ignore: z.array(shape).describe("places that are never judged"),
  mask: z.string().nullable().describe("picture file of the camera's view: white is judged, black is not"),
  foreground: z
    .enum(["synthesis", "map", "off"])
    .describe(
      "synthesis: synthetic anomalies are put on the product where it can be told from its ground; map: besides, only " +
        "places where a product was seen are judged (fixed scenes); off: everything is product",
    ),
  light: z
    .enum(["auto", "off", "gain", "contrast", "local"])
    .describe(
      "gain: each picture gets the normals' mean brightness; contrast: each picture gets one brightness and one contrast; " +
        "local: each place the normals' mean; auto: contrast where the good parts' own brightness varies much, else off",
    ),
  augment: z
    .enum(["off", "mild"])
    .describe("mild: training also sees copies with a little other light, angle and place"),
};

export const preprocessSchema = z.strictObject({
  pictureSize: preprocessFields.pictureSize.default(null),
  tileOverlapPx: preprocessFields.tileOverlapPx.default(32),
  include: preprocessFields.include.default([]),
  ignore: preprocessFields.ignore.default([]),
  mask: preprocessFields.mask.default(null),
  foreground: preprocessFields.foreground.default("synthesis"),
  light: preprocessFields.light.default("auto"),
  augment: preprocessFields.augment.default("off"),
});
export type PreprocessConfig = z.infer<typeof preprocessSchema>;
