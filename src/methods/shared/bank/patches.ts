import type { MemoryBankConfig } from "../../../config/method-schema.ts";
import { createRandom, hashSeed } from "../../../graph/random.ts";
import type {
  FeatureBatches,
  JudgedBatches,
  MethodContext,
  MethodTraining,
  TrainedMethod,
} from "../../method.ts";
import { areaOnGrid, areasInOrder } from "../judged-places.ts";
import { borderWeight, RingMeans } from "./border.ts";
import { Candidates } from "./candidates.ts";
import { nearestDistance, nearestNetwork } from "./nearest-network.ts";
import { buildPatchBank, type PatchBank } from "./patch-bank.ts";
import { patchShape } from "./patch-features.ts";
import { runText, type Text } from "../run-text.ts";

/** Candidates for each key, where a start within seconds matters more than the last hundredth of accuracy. */
const CANDIDATES_PER_KEY = 5;
const MAX_CANDIDATES = 20_000;

export interface PatchBankConfig extends Pick<MemoryBankConfig, "patches" | "blurSigmaPx"> {
  /** Patches that the keys are chosen from; default 5 for each key, at most 20,000. */
  readonly candidates?: number;
}
/** Batches of held-out good parts that the border is measured on: means of thousands of places each. */
const TRUST_BATCHES = 4;

/**
 * Nearest neighbours of patch features (PatchCore, Roth et al., CVPR 2022), without its re-weighting of the image score
 * and with two additions: border rings are sampled more often than their area, and are damped to the level of the inside.
 */
export class PatchBankTraining implements MethodTraining {
  readonly amplify = null;
  readonly #config: PatchBankConfig;
  readonly #context: MethodContext;
  #bank: PatchBank | null = null;
  #border = borderWeight([], 0, 0);

  constructor(config: PatchBankConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    const { levels, seed } = this.#context;
    const grid = patchShape(levels);
    const { patches, candidates: wanted = Math.min(CANDIDATES_PER_KEY * patches, MAX_CANDIDATES) } =
      this.#config;
    const capacity = Math.max(wanted, patches);
    const candidates = new Candidates(levels, capacity, createRandom(hashSeed(seed, "candidates")));
    for await (const records of normals) candidates.add(records);
    const options = { size: this.#config.patches, places: grid.h * grid.w, seed };
    this.#bank = buildPatchBank(candidates.rows(), options);
    this.#border = borderWeight([1], grid.h, grid.w);
  }

  async measureTrust(heldOut: JudgedBatches): Promise<string> {
    const { levels, mapSize } = this.#context;
    const { keys, weights } = this.#learned();
    const { h, w } = patchShape(levels);
    const nextAreas = areasInOrder(heldOut);
    const rings = new RingMeans(h, w);
    const distance: Text = (ops, features) => nearestDistance(ops, features, keys);
    const few = firstBatches(heldOut, TRUST_BATCHES);
    for await (const maps of runText(distance, weights, { levels, batches: few })) {
      const distances = maps.dataSync() as Float32Array;
      for (const [at, area] of nextAreas(maps.shape[0]).entries())
        rings.add(
          distances.subarray(at * h * w, (at + 1) * h * w),
          area && areaOnGrid(area, mapSize, { h, w }),
        );
    }
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
