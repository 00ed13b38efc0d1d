import type { MemoryBankConfig } from "../../config/method-schema.ts";
import { createRandom, hashSeed } from "../../graph/random.ts";
import type { FeatureBatches, MethodContext, MethodTraining, TrainedMethod } from "../method.ts";
import { borderWeight, RingMeans } from "./border.ts";
import { Candidates } from "./candidates.ts";
import { nearestDistance, nearestNetwork } from "./nearest-network.ts";
import { buildPatchBank, type PatchBank } from "./patch-bank.ts";
import { patchShape } from "./patch-features.ts";
import { runText, type Text } from "./run-text.ts";

/** Candidates for each key: what a coreset gains over a random choice grows slowly beyond, the time to choose does not. */
const CANDIDATES_PER_KEY = 5;
const MAX_CANDIDATES = 20_000;
/** Batches of held-out good parts that the border is measured on: means of thousands of places each. */
const TRUST_BATCHES = 4;

/**
 * Nearest neighbours of patch features (PatchCore, Roth et al., CVPR 2022), without its re-weighting of the image score
 * and with two additions: border rings are sampled more often than their area, and are damped to the level of the inside.
 */
export class PatchBankTraining implements MethodTraining {
  readonly amplify = null;
  readonly #config: Pick<MemoryBankConfig, "patches" | "blurSigmaPx">;
  readonly #context: MethodContext;
  #bank: PatchBank | null = null;
  #border = borderWeight([], 0, 0);

  constructor(config: Pick<MemoryBankConfig, "patches" | "blurSigmaPx">, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    const { levels, seed } = this.#context;
    const grid = patchShape(levels);
    const capacity = Math.max(
      Math.min(CANDIDATES_PER_KEY * this.#config.patches, MAX_CANDIDATES),
      this.#config.patches,
    );
    const candidates = new Candidates(levels, capacity, createRandom(hashSeed(seed, "candidates")));
    for await (const records of normals) candidates.add(records);
    const options = { size: this.#config.patches, places: grid.h * grid.w, seed };
    this.#bank = buildPatchBank(candidates.rows(), options);
    this.#border = borderWeight([1], grid.h, grid.w);
  }

  async measureTrust(heldOut: FeatureBatches): Promise<string> {
    const { levels } = this.#context;
    const { keys, weights } = this.#learned();
    const { h, w } = patchShape(levels);
    const rings = new RingMeans(h, w);
    const distance: Text = (ops, features) => nearestDistance(ops, features, keys);
    const few = firstBatches(heldOut, TRUST_BATCHES);
    for await (const map of runText(distance, weights, { levels, batches: few }))
      rings.add(map.dataSync() as Float32Array);
    this.#border = borderWeight(rings.means(), h, w);
    const outermost = this.#border.data[0] ?? 1;
    return `${keys} patches kept, outermost ring counts ${Math.round(100 * outermost)} %`;
  }

  /** Patches that were kept; 0 before `prepare`. */
  get keys(): number {
    return this.#bank?.keys ?? 0;
  }

  beginDistill(): null {
    return null;
  }

  settle(): Promise<null> {
    return Promise.resolve(null);
  }

  trained(): TrainedMethod {
    const { keys, weights } = this.#learned();
    const { blurSigmaPx } = this.#config;
    return {
      network: nearestNetwork({ keys, blurSigmaPx, mapSize: this.#context.mapSize }),
      weights: new Map([...weights, ["bank.border", this.#border]]),
    };
  }

  dispose(): void {
    this.#bank = null;
  }

  #learned(): PatchBank {
    if (!this.#bank) throw new RangeError("prepare comes first");
    return this.#bank;
  }
}

async function* firstBatches(batches: FeatureBatches, count: number): FeatureBatches {
  let taken = 0;
  for await (const batch of batches) {
    yield batch;
    taken++;
    if (taken === count) return;
  }
}
