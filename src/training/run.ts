import { INSTANT_SUFFIX } from "../bundles/manifest.ts";
import type { JobProgress, JobResult } from "../domain/job.ts";
import { addBundle } from "./bundle.ts";
import { learnAndChoose } from "./choose.ts";
import { instantModel } from "./instant.ts";
import { closeMaterial, openMaterial, workFor } from "./material.ts";
import { makeModel } from "./model.ts";
import { planOf } from "./plan.ts";
import { ProgressReporter } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";

export interface TrainingHooks {
  readonly signal: AbortSignal;
  readonly report: (progress: JobProgress) => void;
  /** The instant model is among the bundles, and may judge until the job is done. */
  readonly onInstant?: (result: JobResult) => void;
}

/**
 * The retraining path: clean → features → (instant model) → synthesize → amplify → distill → settle → calibrate → export →
 * validate → (choose). Gives a finished bundle; to promote it is the station's. What a stage makes is kept in the job folder
 * under a name made of all that it depends on, so that an interrupted job goes on where it was.
 * @throws TrainingError, ModelError, InputError: the job failed, in words; the signal's reason when cancelled
 */
export async function runTraining(
  job: TrainingJob,
  { signal, report, onInstant }: TrainingHooks,
): Promise<JobResult> {
  const plan = planOf(job);
  const progress = new ProgressReporter(report, () => performance.now(), plan.stages, plan.work);
  const configs = plan.instant ? [plan.learned, plan.instant] : [plan.learned];
  const material = await openMaterial(job, configs, { progress, signal });
  try {
    const instant = plan.instant && (await instantModel(workFor(material, plan.instant)));
    const offered = instant && plan.offersInstant ? await addBundle(material, instant, asInstant(job)) : null;
    if (offered) onInstant?.(offered);
    const work = workFor(material, plan.learned);
    const { model, words } = plan.chooses
      ? await learnAndChoose(work, instant)
      : { model: await makeModel(work), words: null };
    if (offered && model === instant) return { ...offered, trainSeconds: progress.elapsedS, choice: words };
    return await addBundle(material, model, {
      id: job.id,
      instead: offered?.bundleId ?? null,
      choice: words,
    });
  } finally {
    await closeMaterial(material);
  }
}

/** Rollback leads from the instant model to what judged before the job, as from the one that follows it. */
function asInstant({ id }: TrainingJob) {
  return { id: `${id}${INSTANT_SUFFIX}`, instead: null, choice: null };
}
