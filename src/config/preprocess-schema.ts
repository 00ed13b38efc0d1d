import { z } from "zod";
import { name } from "./name.ts";

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

const fields = {
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
  pictureSize: fields.pictureSize.default(null),
  tileOverlapPx: fields.tileOverlapPx.default(32),
  include: fields.include.default([]),
  ignore: fields.ignore.default([]),
  mask: fields.mask.default(null),
  foreground: fields.foreground.default("synthesis"),
  light: fields.light.default("auto"),
  augment: fields.augment.default("off"),
});
export type PreprocessConfig = z.infer<typeof preprocessSchema>;

/** What one product has of its own; every key left out is the station's. */
export const recipeSchema = z.strictObject({
  name: name.describe("as cameras name it"),
  inputSize: inputSize.optional(),
  preprocess: z.strictObject(fields).partial().default({}),
});
