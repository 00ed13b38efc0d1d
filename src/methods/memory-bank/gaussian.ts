import type { MemoryBankConfig } from "../../config/method-schema.ts";
import type { Weights } from "../../graph/ops.ts";
import { createRandom, hashSeed } from "../../graph/random.ts";
import type { FeatureBatches, MethodContext, MethodTraining, TrainedMethod } from "../method.ts";
import { Candidates } from "../shared/bank/candidates.ts";
import { gaussianNetwork, principalFeatures } from "./gaussian-network.ts";
import { patchShape } from "../shared/bank/patch-features.ts";
import { PlaceStatistics } from "./place-statistics.ts";
import { principalComponents } from "./principal-components.ts";
import { runText, type Text } from "../shared/run-text.ts";

/** At 640² the constants are then 3.3 MB of the file. */
const COMPONENTS = 64;
/** Pictures that the components are found from; they are kept in memory meanwhile. */
const FIRST_PICTURES = 16;
const MAX_CANDIDATES = 4096;

/**
 * A Gaussian at every place (PaDiM, Defard et al., ICPR 2021): for parts that always lie in the same position. Covariances
 * are diagonal in the principal components of all places, which keeps the file small; the paper's are full.
 */
export class GaussianTraining implements MethodTraining {
  readonly amplify = null;
  readonly #config: MemoryBankConfig;
  readonly #context: MethodContext;
  #learned: { readonly components: number; readonly weights: Weights } | null = null;

  constructor(config: MemoryBankConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    const { levels, seed } = this.#context;
    const grid = patchShape(levels);
    const batches = normals[Symbol.asyncIterator]();
    const first = await take(batches, FIRST_PICTURES, (levels[0]?.shape.c ?? 0) * grid.h * grid.w);
    const candidates = new Candidates(levels, MAX_CANDIDATES, createRandom(hashSeed(seed, "candidates")));
    for await (const records of first()) candidates.add(records);
    const random = createRandom(hashSeed(seed, "channels"));
    const { components, weights } = principalComponents(candidates.rows(), COMPONENTS, random);
    const statistics = new PlaceStatistics({ ...grid, c: components });
    const text: Text = (ops, features) => principalFeatures(ops, features, components);
    try {
      for (const part of [first(), rest(batches)])
        for await (const features of runText(text, weights, { levels, batches: part }))
          statistics.add(features);
      const { mean, scale } = statistics.weights();
      this.#learned = {
        components,
        weights: new Map([...weights, ["gaussian.mean", mean], ["gaussian.scale", scale]]),
      };
    } finally {
      statistics.dispose();
    }
  }

  measureTrust(): Promise<string> {
    return Promise.resolve(`${this.#done().components} components a place`);
  }

  beginDistill(): null {
    return null;
  }

  settle(): Promise<null> {
    return Promise.resolve(null);
  }

  trained(): TrainedMethod {
    const { components, weights } = this.#done();
    const { mapSize } = this.#context;
    const { blurSigmaPx } = this.#config;
    return { network: gaussianNetwork({ components, blurSigmaPx, mapSize }), weights };
  }

  dispose(): void {
    this.#learned = null;
  }

  #done() {
    if (!this.#learned) throw new RangeError("prepare comes first");
    return this.#learned;
  }
}

type Batches = AsyncIterator<readonly Float32Array[]>;

/** Takes batches until there are so many pictures; gives them again and again. @param size numbers of a picture's first level */
async function take(batches: Batches, pictures: number, size: number): Promise<() => FeatureBatches> {
  const taken: (readonly Float32Array[])[] = [];
  let count = 0;
  while (count < pictures) {
    const next = await batches.next();
    if (next.done === true) break;
    taken.push(next.value);
    count += (next.value[0]?.length ?? 0) / size;
  }
  return async function* () {
    for (const batch of taken) yield await Promise.resolve(batch);
  };
}

/** What is left. */
async function* rest(batches: Batches): FeatureBatches {
  for (let next = await batches.next(); next.done !== true; next = await batches.next()) yield next.value;
}
