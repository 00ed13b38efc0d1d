import type { FeatureBatches, MethodTraining } from "../methods/method.ts";
import type { FeatureFile } from "./feature-file.ts";
import { batchesOf } from "./normal-features.ts";
import type { Split } from "./split.ts";
import { synthesize, type SyntheticOrder } from "./synthetic-set.ts";
import type { Work } from "./work.ts";

/** Synthetic anomalies made on held-out good parts; their share in a threshold-free measure is what counts, not their number. */
const ANOMALIES = 64;

/** Pictures that no training saw, spoiled. */
export function heldOutOrder(heldOut: readonly number[]): SyntheticOrder {
  return { name: "held-out", stage: "settle", count: ANOMALIES, bases: heldOut, spoiled: "all" };
}

/** The method's own last look, at held-out parts and at synthetic anomalies on them; these are made when it asks for them. */
export function settle(
  work: Work & { readonly training: MethodTraining; readonly split: Split; readonly features: FeatureFile },
): Promise<string | null> {
  const { training, split, features } = work;
  return training.settle({
    normals: () => batchesOf(features, split.heldOut),
    anomalies: () => anomalies(work, split, features),
  });
}

async function* anomalies(work: Work, { heldOut }: Split, features: FeatureFile): FeatureBatches {
  const set = await synthesize(work, heldOutOrder(heldOut), features);
  try {
    yield* batchesOf(set.features, [...Array(set.count).keys()]);
  } finally {
    await set.close();
  }
}
