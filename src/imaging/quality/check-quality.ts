import type { QualityConfig } from "../../config/quality-schema.ts";
import { sharpness } from "../luma.ts";
import { lookAt, type Look, type Picture } from "./look.ts";
import { MIN_AGREEMENT, type QualityRecord, type QualityReference } from "./quality-reference.ts";
import { shiftBetween, spectrumOf } from "./shift.ts";

/**
 * Says in words why a picture must not be judged: dark, saturated, other light than the good parts had, blurred or moved; null
 * if it may. Costs nothing where no limit is set, else 0.3 ms, with `minSharpness` and `maxShiftPx` about 1 ms (256²).
 * @param reference null: the model knows none (an older bundle): only what needs none is checked
 */
export function checkQuality(
  picture: Picture,
  reference: QualityReference | null,
  limits: QualityConfig,
): string | null {
  if (Object.values(limits).every((limit) => limit === null)) return null;
  const look = lookAt(picture);
  const wrong = wrongLight(look, limits);
  if (wrong !== null || reference === null) return wrong;
  return (
    otherLight(look, reference, limits) ??
    blurred(picture, reference, limits) ??
    moved(picture, look, reference, limits)
  );
}

/** In words, which limits are set but cannot be checked with this model's reference; null if all can. */
export function uncheckedLimits(record: QualityRecord | null, limits: QualityConfig): string | null {
  const set = (["maxBrightnessChange", "minSharpness", "maxShiftPx"] as const).filter(
    (limit) => limits[limit] !== null,
  );
  if (record === null && set.length > 0)
    return `quality.${set.join(", quality.")}: the model does not know what its good parts looked like; train it anew`;
  if (record?.grey === null && limits.maxShiftPx !== null)
    return "quality.maxShiftPx: the good parts had no common place, so none is checked; set it to null";
  return null;
}

function wrongLight(look: Look, { maxDarkShare, maxBrightShare }: QualityConfig): string | null {
  if (maxDarkShare !== null && look.darkShare > maxDarkShare)
    return `${percent(look.darkShare)} of the picture is nearly black, at most ${percent(maxDarkShare)} may be: is the light on?`;
  if (maxBrightShare !== null && look.brightShare > maxBrightShare)
    return `${percent(look.brightShare)} of the picture is saturated, at most ${percent(maxBrightShare)} may be: is the exposure too long?`;
  return null;
}

function otherLight(
  { brightness }: Look,
  reference: QualityReference,
  { maxBrightnessChange }: QualityConfig,
): string | null {
  const change = brightness - reference.brightness;
  if (maxBrightnessChange === null || Math.abs(change) <= maxBrightnessChange) return null;
  const [found, expected] = [brightness.toFixed(0), reference.brightness.toFixed(0)];
  return `the picture's brightness is ${found}, good parts had ${expected} (± ${maxBrightnessChange}): did light or exposure change?`;
}

function blurred(
  picture: Picture,
  reference: QualityReference,
  { minSharpness }: QualityConfig,
): string | null {
  if (minSharpness === null) return null;
  const share = sharpness(picture.data, picture) / reference.sharpness;
  if (share >= minSharpness || reference.sharpness === 0) return null;
  return `the picture has ${percent(share)} of the good parts' sharpness, at least ${percent(minSharpness)} is needed: is the lens clean and in focus?`;
}

/** A picture that shows something else has no place: that is the model's to judge. */
function moved(
  { width, height }: Picture,
  { grey }: Look,
  { spectrum }: QualityReference,
  { maxShiftPx }: QualityConfig,
): string | null {
  if (maxShiftPx === null || spectrum === null) return null;
  const { x, y, agreement } = shiftBetween(spectrumOf(grey), spectrum);
  const [right, down] = [x * width, y * height];
  if (agreement < MIN_AGREEMENT || Math.hypot(right, down) <= maxShiftPx) return null;
  return `the picture is moved by ${right.toFixed(1)}, ${down.toFixed(1)} pixels (right, down), at most ${maxShiftPx} are allowed: did camera or fixture move?`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
