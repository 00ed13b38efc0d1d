import type { Calibration } from "./calibrate.ts";

/** The calibration of one product of a bundle. */
export interface RecipeCalibration extends Calibration {
  readonly recipe: string;
}

/**
 * Brings the products of one bundle on one scale, since its model gives one score: from the lowest mean of their normals, in
 * units of the typical (root mean square) deviation within a product. Limits on the raw score stay, and every threshold is
 * above 0. A single product stays as it is.
 */
export function onCommonScale(calibrations: readonly RecipeCalibration[]): readonly RecipeCalibration[] {
  const mean = Math.min(...calibrations.map((own) => own.mean));
  const deviation = Math.hypot(...calibrations.map((own) => own.deviation)) / Math.sqrt(calibrations.length);
  return calibrations.map((own) => ({
    ...own,
    mean,
    deviation,
    threshold: (own.mean - mean) / deviation + own.threshold * (own.deviation / deviation),
  }));
}
