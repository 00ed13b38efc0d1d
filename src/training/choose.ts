import { TrainingError } from "../domain/errors.ts";
import { chooseMethod, type Choice, type Evidence } from "../methods/auto/choose-method.ts";
import { withInspector } from "./inspector-export.ts";
import { makeModel, type Model } from "./model.ts";
import { heldOutOrder } from "./settle.ts";
import { synthesize, type SyntheticSet } from "./synthetic-set.ts";
import type { Work } from "./work.ts";

/** Held-out samples that are looked at; more would take longer than they tell. */
const NORMALS = 200;

/** What a job deploys. */
export interface Chosen {
  readonly model: Model;
  /** Why, in words; null where there was no choice. */
  readonly words: string | null;
}

/**
 * `method: auto`: learns, then takes the better of the two models. Where one of them cannot be made, the other is taken.
 * @param instant null: there can be none
 * @throws as `makeModel`, TrainingError only where there is no instant model; the signal's reason when cancelled
 */
export async function learnAndChoose(work: Work, instant: Model | null): Promise<Chosen> {
  const { name } = work.methodConfig;
  if (instant === null)
    return {
      model: await makeModel(work),
      words: `${name} is deployed: there is no instant model to compare it with`,
    };
  const learned = await makeModel(work).catch((error: unknown) => {
    work.signal.throwIfAborted();
    if (error instanceof TrainingError) return error;
    throw error;
  });
  if (learned instanceof TrainingError)
    return {
      model: instant,
      words: `${instant.method.name} is deployed: ${name} could not be trained. ${learned.message}`,
    };
  const { chosen, words } = await choose(work, { learned, instant });
  return { model: chosen === "learned" ? learned : instant, words };
}

/** Which of two models is deployed, from held-out normals and synthetic anomalies on them, scored as the line would. */
async function choose(
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

async function evidenceOf(work: Work, model: Model, anomalies: SyntheticSet): Promise<Evidence> {
  const { job, samples, progress, signal } = work;
  const { heldOut } = samples.split;
  const thresholds = thresholdsOf(work, model);
  const options = { size: job.inputSize, tiles: null, threads: job.threads }; // a sample is one tile
  return withInspector(model.inspector, options, async (score) => {
    const total = Math.min(heldOut.length, NORMALS) + anomalies.count;
    let done = 0;
    const marginOf = async (picture: Uint8Array, base: number): Promise<number> => {
      signal.throwIfAborted();
      const margin = (await score(picture)).score - thresholds.get(base)!;
      done += 1;
      progress.stage("choose", {
        done: done / total,
        message: `${model.method.name} on held-out part ${done}/${total}`,
      });
      return margin;
    };
    const normals: number[] = [];
    for (const index of heldOut.slice(0, NORMALS))
      normals.push(await marginOf(await samples.read(index), index));
    const spoiled: number[] = [];
    for (let index = 0; index < anomalies.count; index += 1)
      spoiled.push(await marginOf((await anomalies.read(index)).image, heldOut[index % heldOut.length]!));
    return { name: model.method.name, normals, anomalies: spoiled };
  });
}

/** What a held-out sample is rejected above: the threshold of the product that it shows. */
function thresholdsOf({ job, samples }: Work, { calibration, alsoFor }: Model): ReadonlyMap<number, number> {
  const all = new Map([[job.recipe, calibration], ...alsoFor.map((own) => [own.recipe, own] as const)]);
  return new Map(
    samples.split.products.flatMap(({ recipe, heldOut }) =>
      heldOut.map((index) => [index, all.get(recipe)!.threshold] as const),
    ),
  );
}
