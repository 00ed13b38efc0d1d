import { calibrate, type Calibration } from "./calibrate.ts";
import { onCommonScale, type RecipeCalibration } from "./common-scale.ts";
import { exportInspector, RAW, withInspector, type Candidate, type ScoreScale } from "./inspector-export.ts";
import type { Finishing } from "./work.ts";

export interface Calibrated {
  readonly calibration: Calibration;
  /** Of the other products of the job, on the same scale. */
  readonly alsoFor: readonly RecipeCalibration[];
  readonly scale: ScoreScale;
  /** In the order of `Split.heldOut`. */
  readonly rawScores: readonly number[];
}

/**
 * Scores the held-out normals with the uncalibrated candidate, by the code that will run it, and finds scale and threshold;
 * of several products a threshold each, from its own held-out normals.
 * @throws TrainingError `calibration`
 */
export async function calibrateCandidate(
  candidate: Candidate,
  { job, normals, progress, signal, split }: Finishing,
): Promise<Calibrated> {
  const { heldOut } = split;
  const options = { size: candidate.size, tiles: candidate.view.tiles, threads: job.threads };
  const rawScores = await withInspector(exportInspector(candidate, RAW), options, async (score) => {
    const scores: number[] = [];
    for (const [done, index] of heldOut.entries()) {
      signal.throwIfAborted();
      scores.push((await score(await normals.pictures.read(index))).score);
      progress.stage("calibrate", {
        done: done / heldOut.length,
        message: `held-out good part ${done + 1}/${heldOut.length}`,
      });
    }
    return scores;
  });
  const scoreOf = new Map(heldOut.map((index, at) => [index, rawScores[at]!]));
  const { thresholdQuantile: quantile, thresholdFactor: factor } = job.training;
  const alone = split.products.map(({ recipe, heldOut: own }) => {
    const scores = own.map((index) => scoreOf.get(index)!);
    return { recipe, ...calibrate(scores, quantile, factor) };
  });
  const [calibration, ...alsoFor] = onCommonScale(alone);
  if (!calibration) throw new RangeError("A job has at least one product; this one has none.");
  return { calibration, alsoFor, scale: { mean: calibration.mean, std: calibration.deviation }, rawScores };
}
