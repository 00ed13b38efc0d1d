import type { AandConfig } from "../../../config/method-schema.ts";
import type { Weight, Weights } from "../../../graph/ops.ts";
import type {
  FeatureBatches,
  HeldOut,
  JudgedBatches,
  MethodContext,
  MethodTraining,
  TrainableStage,
  TrainedMethod,
} from "../../method.ts";
import { areasInOrder, highestJudged } from "../../shared/judged-places.ts";
import { levelStatistics } from "../../shared/level-statistics.ts";
import { whitenedLoss } from "../../shared/losses.ts";
import { PatchBankTraining } from "../../shared/bank/patches.ts";
import { runText, type Text } from "../../shared/run-text.ts";
import { createStudentStage, type StudentStage } from "../../shared/student-stage.ts";
import { whiteningWeights } from "../../shared/whiten.ts";
import {
  comparedOf,
  fusedDistillNetwork,
  fusedNetwork,
  singleMapNetwork,
  whitenedTeacher,
  type FusedShape,
  type MapName,
} from "./fused-network.ts";
import { fusionWords, fuse, weighsAnomalies, type Spread } from "./fusion.ts";
import { createGateStage, type GateStage } from "./gate-stage.ts";

/** Patches that the bank's keys are chosen from: there is time, the students take minutes. */
const CANDIDATES = 40_000;

/**
 * AAND for small teachers: stage 1's gate sees its surroundings and a second one wide areas, stage 2's student learns whitened features, the nearest
 * remembered patch is asked as well, and the maps are added, each weighed by what held-out good parts show of it.
 */
export class FusedTraining implements MethodTraining {
  readonly #config: AandConfig;
  readonly #context: MethodContext;
  #standardization: Weights = new Map();
  #nearest: PatchBankTraining | null = null;
  #gateStage: GateStage | null = null;
  #studentStage: StudentStage | null = null;
  #fusion: Weights = new Map();

  constructor(config: AandConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    const { levels, seed, tell } = this.#context;
    this.#standardization = await whiteningWeights(await levelStatistics(levels, normals), tell);
    if (this.#config.bank.enabled) {
      const compared = comparedOf(this.#levels(), levels);
      this.#nearest = new PatchBankTraining(
        { ...this.#config.bank, blurSigmaPx: 0, candidates: CANDIDATES },
        { ...this.#context, levels: compared },
      );
      await this.#nearest.prepare(this.#compared(normals));
    }
    if (this.#config.amplify.enabled)
      this.#gateStage = createGateStage(levels, {
        standardization: this.#standardization,
        seed,
        wide: this.#config.wide.enabled,
      });
  }

  get amplify(): TrainableStage | null {
    return this.#gateStage;
  }

  async measureTrust(heldOut: JudgedBatches): Promise<string> {
    const compared: JudgedBatches = { ...heldOut, [Symbol.asyncIterator]: () => this.#compared(heldOut) };
    return (await this.#nearest?.measureTrust(compared)) ?? "no bank";
  }

  beginDistill(): TrainableStage | null {
    if (!this.#config.distill.enabled) return null;
    const levels = comparedOf(this.#levels(), this.#context.levels);
    const { hardLocations, hardWeight } = this.#config.distill;
    const stage = createStudentStage({
      levels,
      seed: this.#context.seed,
      teacher: whitenedTeacher(levels),
      distill: fusedDistillNetwork(this.#config.student),
      network: singleMapNetwork({ ...this.#shape(), levels }, "distance"),
      loss: (targets, predictions) =>
        whitenedLoss(targets, predictions, { count: hardLocations, weight: hardWeight }),
      frozen: this.#standardization,
      begin: "uniform",
    });
    this.#studentStage = stage;
    return {
      variables: stage.variables,
      loss: ({ features }) => stage.loss(comparedOf(this.#levels(), features)),
    };
  }

  async settle({ normals, anomalies }: HeldOut): Promise<string> {
    const { maps } = this.#shape();
    const { trust } = this.#config.amplify;
    const good = await this.#highest(maps, normals());
    const bad = weighsAnomalies(maps, trust) ? await this.#highest(maps, anomalies()) : null; // made when asked for
    const spreads = new Map(
      maps.map((name, at): [MapName, Spread] => [name, { normals: good[at]!, anomalies: bad?.[at] ?? [] }]),
    );
    const fused = fuse(spreads, trust);
    const constant = (value: number): Weight => ({ shape: [1], data: Float32Array.of(value) });
    this.#fusion = new Map([
      ...[...fused.scales].map(([name, scale]) => [`fusion.${name}.scale`, constant(scale)] as const),
      ...(fused.wideFloor === null ? [] : [["fusion.wide.floor", constant(-fused.wideFloor)] as const]),
      ["fusion.offset", constant(fused.offset)],
    ]);
    return fusionWords(fused);
  }

  trained(): TrainedMethod {
    if (this.#fusion.size === 0) throw new RangeError("settle comes before trained");
    return { network: fusedNetwork(this.#shape()), weights: new Map([...this.#weights(), ...this.#fusion]) };
  }

  dispose(): void {
    this.#gateStage?.dispose();
    this.#studentStage?.dispose();
  }

  /** Highest value of each map on each picture, at its judged places. */
  async #highest(maps: readonly MapName[], pictures: JudgedBatches): Promise<number[][]> {
    const highest = maps.map((): number[] => []);
    const texts = maps.map((name) => singleMapNetwork(this.#shape(), name));
    const all: Text = (ops, features) => ops.concat(texts.flatMap((text) => text(ops, features)));
    const options = { levels: this.#context.levels, batches: pictures };
    const nextAreas = areasInOrder(pictures);
    for await (const stacked of runText(all, this.#weights(), options)) {
      const rows = highestJudged(stacked, nextAreas(stacked.shape[0]), this.#context.mapSize);
      for (const row of rows) for (const [at, value] of row.entries()) highest[at]!.push(value);
    }
    return highest;
  }

  #weights(): Weights {
    return new Map([
      ...this.#standardization,
      ...(this.#nearest?.trained().weights ?? []),
      ...(this.#gateStage?.trained() ?? []),
      ...(this.#studentStage?.trained().weights ?? []),
    ]);
  }

  #levels(): Pick<FusedShape, "levels" | "compared"> {
    return { levels: this.#context.levels, compared: this.#config.levels };
  }

  #shape(): FusedShape {
    const { student, blurSigmaPx, amplify, wide, bank, distill } = this.#config;
    const maps: MapName[] = [];
    if (amplify.enabled) maps.push("gate");
    if (amplify.enabled && wide.enabled) maps.push("wide");
    if (distill.enabled) maps.push("distance");
    if (bank.enabled) maps.push("nearest");
    const { mapSize } = this.#context;
    return { ...this.#levels(), student, blurSigmaPx, mapSize, maps, keys: this.#nearest?.keys ?? 0 };
  }

  async *#compared(batches: FeatureBatches): AsyncGenerator<readonly Float32Array[]> {
    for await (const records of batches) yield comparedOf(this.#levels(), records);
  }
}
