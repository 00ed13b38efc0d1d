import { z } from "zod";

const share = z.number().min(0).max(1);

/**
 * Pictures beyond these limits are not judged (`ERR` `image_quality`) nor learnt from; null: not looked at. The last three
 * compare with the good parts that the model was made from.
 */
export const qualitySchema = z.strictObject({
  maxDarkShare: share.nullable().default(null).describe("share of the picture that may be nearly black"),
  maxBrightShare: share.nullable().default(null).describe("share of the picture that may be saturated"),
  maxBrightnessChange: z
    .number()
    .positive()
    .max(255)
    .nullable()
    .default(null)
    .describe("mean brightness against that of the good parts, in levels of 255: light or exposure drifts"),
  minSharpness: share
    .nullable()
    .default(null)
    .describe("share of the good parts' sharpness: lens out of focus or dirty"),
  maxShiftPx: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("against where the good parts lay, in pixels of the model's picture: camera or fixture moved"),
});
export type QualityConfig = z.infer<typeof qualitySchema>;
