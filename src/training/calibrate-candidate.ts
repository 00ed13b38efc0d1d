import { calibrate, type Calibration } from "./calibrate.ts";
import { exportInspector, RAW, withInspector, type Candidate, type ScoreScale } from "./inspector-export.ts";
import type { Finishing } from "./work.ts";

/**
 * Scores the held-out normals with the uncalibrated candidate, by the code that will run it, and finds scale and threshold.
 * @throws TrainingError `calibration`
 */
export async function calibrateCandidate(
  candidate: Candidate,
  { job, normals, progress, signal, split }: Finishing,
): Promise<{ calibration: Calibration; scale: ScoreScale; rawScores: readonly number[] }> {
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
  const calibration = calibrate(rawScores, job.training.thresholdQuantile, job.training.thresholdFactor);
  return { calibration, scale: { mean: calibration.mean, std: calibration.deviation }, rawScores };
}
