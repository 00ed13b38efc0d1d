import { chooseMethod, type Choice, type Evidence } from "../methods/auto/choose-method.ts";
import { withInspector } from "./inspector-export.ts";
import type { Model } from "./model.ts";
import { heldOutOrder } from "./settle.ts";
import { synthesize, type SyntheticSet } from "./synthetic-set.ts";
import type { Work } from "./work.ts";

/** Which of two models is deployed, from held-out normals and synthetic anomalies on them, scored as the line would. */
export async function choose(
  work: Work,
  models: { readonly learned: Model; readonly instant: Model },
): Promise<Choice> {
  const anomalies = await synthesize(work, heldOutOrder(work.samples.split.heldOut, "choose"));
  try {
    const choice = chooseMethod({
      learned: await evidenceOf(work, models.learned, anomalies),
      instant: await evidenceOf(work, models.instant, anomalies),
    });
    work.progress.stage("choose", { done: 1, message: choice.words });
    return choice;
  } finally {
    await anomalies.close();
  }
}

async function evidenceOf(
  { job, progress, signal }: Work,
  { method, inspector, calibration, rawScores }: Model,
  anomalies: SyntheticSet,
): Promise<Evidence> {
  const scores: number[] = [];
  await withInspector(
    inspector,
    { size: job.inputSize, tiles: null, threads: job.threads },
    async (score) => {
      for (let index = 0; index < anomalies.count; index += 1) {
        signal.throwIfAborted();
        scores.push((await score((await anomalies.read(index)).image)).score);
        const message = `${method.name} on synthetic anomaly ${index + 1}/${anomalies.count}`;
        progress.stage("choose", { done: index / anomalies.count, message });
      }
    },
  );
  const { mean, deviation, threshold } = calibration;
  const normals = rawScores.map((raw) => (raw - mean) / deviation);
  return { name: method.name, normals, anomalies: scores, threshold };
}
