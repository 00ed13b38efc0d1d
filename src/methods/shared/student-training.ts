import type { Weights } from "../../graph/ops.ts";
import type {
  FeatureBatches,
  MethodContext,
  MethodTraining,
  TrainableStage,
  TrainedMethod,
} from "../method.ts";
import { levelStatistics } from "./level-statistics.ts";
import type { StudentStage } from "./student-stage.ts";
import { standardizationWeights } from "./whiten.ts";

/** What one method of a student and nothing else has of its own. */
export interface StudentPlan {
  /** Whether its networks ask for `standardize.<level>.*`: only then are the normals looked at before stage 2. */
  readonly standardizes: boolean;
  readonly beginStage: (context: MethodContext, frozen: Weights) => StudentStage;
}

/** The training of a method that is one student of the vanilla teacher: no stage 1, nothing to settle. */
export class StudentTraining implements MethodTraining {
  readonly amplify = null;
  readonly #plan: StudentPlan;
  readonly #context: MethodContext;
  #standardization: Weights = new Map();
  #stage: StudentStage | null = null;

  constructor(plan: StudentPlan, context: MethodContext) {
    this.#plan = plan;
    this.#context = context;
  }

  async prepare(normals: FeatureBatches): Promise<void> {
    if (!this.#plan.standardizes) return;
    this.#standardization = standardizationWeights(await levelStatistics(this.#context.levels, normals));
  }

  measureTrust(): Promise<string> {
    return Promise.resolve("no amplifier");
  }

  beginDistill(): TrainableStage {
    const stage = this.#plan.beginStage(this.#context, this.#standardization);
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
