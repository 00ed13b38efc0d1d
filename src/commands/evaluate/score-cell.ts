import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readManifest } from "../../bundles/read.ts";
import type { Cell } from "../../evaluation/cell.ts";
import { worstExamples } from "../../evaluation/examples.ts";
import { measure } from "../../evaluation/evaluate.ts";
import { judgeLine, type Judged, type ScorePicture } from "../../evaluation/judge.ts";
import type { PictureScore } from "../../evaluation/operating-point.ts";
import type { PictureRef } from "../../imaging/picture-folder.ts";
import { loadScorer, type Scorer, type ScorerOptions } from "../../inspection/infer/scorer.ts";

export type ScoredCell = Pick<Cell, "report" | "scores" | "heldOutScores" | "cost" | "examples">;

const trainingReportSchema = z.object({
  heldOutRawScores: z.array(z.number()),
  cost: z.object({ macs: z.number(), parameters: z.number() }).optional(),
});
const calibrationSchema = z.object({ mean: z.number(), deviation: z.number() });

/** Measures a fresh model on a category's test pictures, with the code that inspects parts. */
export async function scoreCell(
  scorerOptions: ScorerOptions,
  test: readonly PictureRef[],
  hooks: { readonly signal: AbortSignal; readonly onProgress: (done: number, total: number) => void },
): Promise<ScoredCell> {
  const { bundleDir } = scorerOptions;
  const { threshold } = await readManifest(bundleDir);
  const scorer = await loadScorer(scorerOptions);
  const score: ScorePicture = async (rgb) => {
    const { score: value, map } = await scorer.score(rgb, threshold.value);
    return { score: value, map: map.values, mapSize: map.size };
  };
  const now = (): number => performance.now();
  const startedAt = now();
  const judged = await judgeLine({ line: test, size: scorer.size, score, now, ...hooks });
  const report = measure(judged, threshold.value);
  const scores = judged.map(pictureScore);
  const examples = await worstExamples(scores, { score, size: scorer.size, threshold: threshold.value });
  const evaluateSeconds = (now() - startedAt) / 1000;
  return {
    report: { ...report, evaluateSeconds },
    scores,
    examples,
    ...(await trainingFacts(bundleDir, scorer)),
  };
}

function pictureScore({ ref, score }: Judged): PictureScore {
  return { file: ref.file, isBad: ref.truth.label === "bad", kind: ref.truth.source, score };
}

/** What the training wrote down beside the model. */
async function trainingFacts(
  bundleDir: string,
  { runsPerPicture }: Scorer,
): Promise<Pick<Cell, "heldOutScores" | "cost">> {
  const json = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(bundleDir, name), "utf8"));
  const { heldOutRawScores, cost } = trainingReportSchema.parse(await json("report.json"));
  const { mean, deviation } = calibrationSchema.parse(await json("calibration.json"));
  return {
    heldOutScores: heldOutRawScores.map((raw) => (raw - mean) / deviation),
    cost: cost ? { ...cost, macs: cost.macs * runsPerPicture } : null,
  };
}
