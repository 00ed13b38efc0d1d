import type { AdpsConfig } from "../../config/method-schema.ts";
import type {
  FeatureBatches,
  Method,
  MethodContext,
  MethodTraining,
  TrainableStage,
  TrainedMethod,
} from "../method.ts";
import { levelStatistics } from "../shared/level-statistics.ts";
import { standardizationWeights } from "../shared/whiten.ts";
import { createAdpsStage, type AdpsStage } from "./adps-stage.ts";

/**
 * ADPS (TNNLS 36(4), arXiv 2210.10495): the student sees the picture in crops, the teacher whole; where they disagree the
 * teacher's features are kept and segmented. All is learned in stage 1, on synthetic anomalies; there is no stage 2.
 */
export function adps(config: AdpsConfig): Method {
  return {
    name: config.name,
    levels: config.levels,
    looksAtPictures: true,
    amplify: { ...config.amplify, wide: null },
    distill: null,
    begin: (context) => new AdpsTraining(config, context),
  };
}

class AdpsTraining implements MethodTraining {
  readonly #config: AdpsConfig;
  readonly #context: MethodContext;
  #stage: AdpsStage | null = null;

  constructor(config: AdpsConfig, context: MethodContext) {
    this.#config = config;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    const standardizing = standardizationWeights(await levelStatistics(this.#context.levels, normals));
    this.#stage = createAdpsStage({ ...this.#context, config: this.#config, standardizing });
  }

  get amplify(): TrainableStage | null {
    return this.#stage;
  }

  measureTrust(): Promise<string> {
    return Promise.resolve("no amplifier");
  }

  beginDistill(): null {
    return null;
  }

  settle(): Promise<null> {
    return Promise.resolve(null);
  }

  trained(): TrainedMethod {
    if (!this.#stage) throw new RangeError("prepare comes before trained");
    return this.#stage.trained();
  }

  dispose(): void {
    this.#stage?.dispose();
  }
}
