import type { JudgedBatches, MethodTraining } from "../methods/method.ts";
import { batchesOf } from "./normal-features.ts";
import { synthesize, type SyntheticOrder } from "./synthetic-set.ts";
import { tellerOf } from "./tell.ts";
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

/** Features of the held-out good parts, and where their maps count: the view's judged places, or a tile's part of them. */
export function heldOutNormals(
  work: Pick<Work, "features" | "samples" | "view" | "progress" | "signal">,
): JudgedBatches {
  const { heldOut } = work.samples.split;
  return {
    ...batchesOf(work.features, heldOut, tellerOf(work)),
    judged: (picture) => judgedOf(work, heldOut[picture]!),
  };
}

/** The method's own last look, at held-out parts and at synthetic anomalies on them; these are made when it asks for them. */
export function settle(work: Work, training: MethodTraining): Promise<string | null> {
  const order = heldOutOrder(work.samples.split.heldOut, "settle");
  const { bases } = order;
  return training.settle({
    normals: () => heldOutNormals(work),
    anomalies: () => ({
      [Symbol.asyncIterator]: () => anomalies(work, order),
      judged: (picture) => judgedOf(work, bases[picture % bases.length]!),
    }),
  });
}

function judgedOf({ view, samples }: Pick<Work, "samples" | "view">, sample: number): Uint8Array | null {
  return view.judged ?? samples.judged(sample);
}

async function* anomalies(work: Work, order: SyntheticOrder): AsyncGenerator<readonly Float32Array[]> {
  const set = await synthesize(work, order);
  try {
    yield* batchesOf(set.features, [...Array(set.count).keys()], tellerOf(work));
  } finally {
    await set.close();
  }
}
