import type { SnlConfig } from "../../config/method-schema.ts";
import { tf } from "../../graph/tf.ts";
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
import type { Weights } from "../../graph/ops.ts";
import { snlDistillNetwork, snlNetwork, snlTeacher } from "./snl-network.ts";
import { structureLoss } from "./snl-losses.ts";

/**
 * SNL: one student for many products, which learns structure (what is strong where, what is like what) and not only
 * values, and tells the bottleneck by centres of normality.
 *
 * A reconstruction from the abstract of arXiv 2402.17091: neither text nor code is public. What it names is here
 * (spatial-channel distillation, intra- and inter-affinity distillation, central residual aggregation), on Reverse
 * Distillation's network; how each is done is ours. Its claim is tested by its authors' own probe: mixed pictures of two
 * products must score above normal ones.
 */
export function snl(config: SnlConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: false,
    amplify: null,
    distill: config.distill,
    begin: (context) => new SnlTraining(config, context),
  };
}

class SnlTraining implements MethodTraining {
  readonly amplify = null;
  readonly #config: SnlConfig;
  readonly #context: MethodContext;
  #standardization: Weights = new Map();
  #stage: StudentStage | null = null;

  constructor(config: SnlConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    this.#standardization = whiteningWeights(await levelStatistics(this.#context.levels, normals));
  }

  measureTrust(): Promise<string> {
    return Promise.resolve("no amplifier");
  }

  beginDistill(): TrainableStage {
    const { levels, mapSize, seed } = this.#context;
    const stage = createStudentStage({
      levels,
      seed,
      teacher: snlTeacher(levels, this.#config),
      distill: snlDistillNetwork(this.#config),
      network: snlNetwork(levels, this.#config, mapSize),
      loss: (targets, predictions) =>
        tf.add(flattenedCosineLoss(targets, predictions), structureLoss(targets, predictions)),
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
