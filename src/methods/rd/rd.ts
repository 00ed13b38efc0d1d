import type { RdConfig } from "../../config/method-schema.ts";
import type { Weights } from "../../graph/ops.ts";
import type {
  FeatureBatches,
  Method,
  MethodContext,
  MethodTraining,
  TrainableStage,
  TrainedMethod,
} from "../method.ts";
import { levelStatistics } from "../shared/level-statistics.ts";
import { flattenedCosineLoss } from "../shared/losses.ts";
import { createStudentStage, type StudentStage } from "../shared/student-stage.ts";
import { whiteningWeights } from "../shared/whiten.ts";
import { rdDistillNetwork, rdNetwork } from "./rd-network.ts";

/**
 * Reverse Distillation (Deng & Li, CVPR 2022), the papers' baseline: a student learns the vanilla teacher's features of
 * normals through a one-class bottleneck; flattened cosine per level, as the published code has it, nothing else.
 */
export function rd(config: RdConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: false,
    amplify: null,
    distill: config.distill,
    begin: (context) => new RdTraining(config, context),
  };
}

class RdTraining implements MethodTraining {
  readonly amplify = null;
  readonly #config: RdConfig;
  readonly #context: MethodContext;
  #standardization: Weights = new Map();
  #stage: StudentStage | null = null;

  constructor(config: RdConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    if (this.#config.student === "reverse") return; // RD's own student takes features as they are
    this.#standardization = whiteningWeights(await levelStatistics(this.#context.levels, normals));
  }

  measureTrust(): Promise<string> {
    return Promise.resolve("no amplifier");
  }

  beginDistill(): TrainableStage {
    const { levels, seed, mapSize } = this.#context;
    const stage = createStudentStage({
      levels,
      seed,
      teacher: (_ops, features) => features,
      distill: rdDistillNetwork(levels, this.#config),
      network: rdNetwork(levels, this.#config, mapSize),
      loss: flattenedCosineLoss,
      frozen: this.#standardization,
    });
    this.#stage = stage;
    return { variables: stage.variables, loss: ({ features }) => stage.loss(features) };
  }

  settle(): Promise<null> {
    return Promise.resolve(null);
  }

  trained(): TrainedMethod {
    if (!this.#stage) throw new RangeError("beginDistill comes before trained");
    return this.#stage.trained();
  }

  dispose(): void {
    this.#stage?.dispose();
  }
}
