import type { AandConfig } from "../../../config/method-schema.ts";
import type { Size } from "../../../domain/inspection.ts";
import type { Weights } from "../../../graph/ops.ts";
import { tf } from "../../../graph/tf.ts";
import type {
  FeatureBatches,
  JudgedBatches,
  Level,
  MethodContext,
  MethodTraining,
  TrainableStage,
  TrainedMethod,
} from "../../method.ts";
import { featureTensors } from "../../shared/feature-tensors.ts";
import { areasInOrder, highestJudged } from "../../shared/judged-places.ts";
import type { StudentStage } from "../../shared/student-stage.ts";
import { levelStatistics } from "../../shared/level-statistics.ts";
import { standardizationWeights } from "../../shared/whiten.ts";
import { isGateAlone } from "./aand-network.ts";
import { createAmplifyStage, type AmplifyStage } from "./amplify-stage.ts";
import { gateTrust, withTrust } from "./amplify-weights.ts";
import { createDistillStage } from "./distill-stage.ts";

/** AAND as published: the residual amplifier (RAA) learns first, then the student learns the amplified teacher. */
export class PaperTraining implements MethodTraining {
  readonly #config: AandConfig;
  readonly #levels: readonly Level[];
  readonly #seed: number;
  readonly #mapSize: Size;
  #standardization: Weights = new Map();
  #amplifyStage: AmplifyStage | null = null;
  #amplifier: Weights | null = null;
  #distillStage: StudentStage | null = null;

  constructor(config: AandConfig, { levels, mapSize, seed }: MethodContext) {
    this.#config = config;
    this.#levels = levels;
    this.#seed = seed;
    this.#mapSize = mapSize;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    this.#standardization = standardizationWeights(await levelStatistics(this.#levels, normals));
    if (!this.#config.amplify.enabled) return;
    const [levels, config, seed] = [this.#levels, this.#config, this.#seed];
    this.#amplifyStage = createAmplifyStage({ levels, config, seed });
  }

  get amplify(): TrainableStage | null {
    const stage = this.#amplifyStage;
    if (!stage) return null;
    return {
      variables: stage.variables,
      loss: ({ features, mask, foreground }, step) => {
        if (!mask) throw new RangeError("Stage 1 needs synthetic anomalies: a batch without mask was given.");
        return stage.loss({ features, masks: mask, foregrounds: foreground, step });
      },
    };
  }

  async measureTrust(heldOut: JudgedBatches): Promise<string> {
    const stage = this.#amplifyStage;
    if (!stage) return "no amplifier";
    const trained = stage.trainedWeights();
    const { trust: wanted, use } = this.#config.amplify;
    if (wanted === "full" || use === "generator") {
      this.#amplifier = trained;
      return use === "generator"
        ? "no gate: the residual is added everywhere"
        : "amplifier trusted in full, as the paper does";
    }
    const highest: number[][] = this.#levels.map(() => []);
    const shapes = this.#levels.map(({ shape }) => shape);
    const nextAreas = areasInOrder(heldOut);
    for await (const records of heldOut) {
      tf.tidy(() => {
        const gates = stage.gates(featureTensors(shapes, records));
        const areas = nextAreas(gates[0]?.shape[0] ?? 0);
        for (const [at, gate] of gates.entries())
          highest[at]?.push(...highestJudged(gate, areas, this.#mapSize).flat());
      });
    }
    const trust = new Map(this.#levels.map(({ level }, at) => [level, gateTrust(highest[at] ?? [])]));
    this.#amplifier = withTrust(trained, trust);
    return [...trust]
      .map(([level, value]) => `level ${level}: amplifier trusted ${Math.round(100 * value)} %`)
      .join(", ");
  }

  beginDistill(): TrainableStage | null {
    const stage = createDistillStage({
      levels: this.#levels,
      config: this.#config,
      seed: this.#seed,
      amplify: this.#amplifier,
      standardization: this.#standardization,
      mapSize: this.#mapSize,
    });
    this.#distillStage = stage;
    if (isGateAlone(this.#config)) return null;
    return { variables: stage.variables, loss: ({ features }) => stage.loss(features) };
  }

  settle(): Promise<null> {
    return Promise.resolve(null);
  }

  trained(): TrainedMethod {
    if (!this.#distillStage) throw new RangeError("beginDistill comes before trained");
    return this.#distillStage.trained();
  }

  dispose(): void {
    this.#amplifyStage?.dispose();
    this.#distillStage?.dispose();
  }
}
