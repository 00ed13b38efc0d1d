import type { MethodTraining } from "../methods/method.ts";
import { batchesOf } from "./normal-features.ts";
import { synthesize, type SyntheticOrder } from "./synthetic-set.ts";
import type { Work } from "./work.ts";

/** Synthetic anomalies made on held-out good parts; their share in a threshold-free measure is what counts, not their number. */
const ANOMALIES = 64;

/** Pictures that no training saw, spoiled; one anomaly a picture where there are enough. */
export function heldOutOrder(heldOut: readonly number[], stage: SyntheticOrder["stage"]): SyntheticOrder {
  return {
    name: "held-out",
    stage,
    count: ANOMALIES,
    bases: heldOut.slice(0, ANOMALIES),
    spoiled: "all",
    wide: 0,
  };
}

/** The method's own last look, at held-out parts and at synthetic anomalies on them; these are made when it asks for them. */
export function settle(work: Work, training: MethodTraining): Promise<string | null> {
  return training.settle({
    normals: () => batchesOf(work.features, work.samples.split.heldOut),
    anomalies: () => ({ [Symbol.asyncIterator]: () => anomalies(work) }),
  });
}

async function* anomalies(work: Work): AsyncGenerator<readonly Float32Array[]> {
  const set = await synthesize(work, heldOutOrder(work.samples.split.heldOut, "settle"));
  try {
    yield* batchesOf(set.features, [...Array(set.count).keys()]);
  } finally {
    await set.close();
  }
}
