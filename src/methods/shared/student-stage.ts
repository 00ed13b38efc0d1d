import { countCost, isTrainable } from "../../graph/cost.ts";
import { initializeWeights } from "../../graph/initialize.ts";
import type { Network, Weights } from "../../graph/ops.ts";
import { requireWeight } from "../../graph/require-weight.ts";
import type { tf } from "../../graph/tf.ts";
import { tfOps } from "../../graph/tf-ops.ts";
import { TfWeights } from "../../graph/tf-weights.ts";
import type { Level, TrainedMethod } from "../method.ts";
import { uniformStart } from "./uniform-start.ts";

export interface StudentStageOptions {
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly seed: number;
  /** Vanilla features to what the student learns. */
  readonly teacher: Network;
  /** What `teacher` gives to targets, then predictions. */
  readonly distill: Network;
  /** Vanilla features to [anomaly map], uncalibrated. */
  readonly network: Network;
  /** Of targets and predictions, one number. */
  readonly loss: (targets: readonly tf.Tensor4D[], predictions: readonly tf.Tensor4D[]) => tf.Scalar;
  /** All weights of `network` that are not `student.*`. */
  readonly frozen: Weights;
  /** How fresh weights begin; default `kaiming`, as RD's code has it. */
  readonly begin?: "kaiming" | "uniform";
}

/** Stage 2 (distill) of a method with a frozen teacher: what a training loop steps. */
export interface StudentStage {
  readonly variables: TfWeights;
  /** What the student learns of vanilla features [B, h, w, C]. */
  lesson(features: readonly tf.Tensor4D[]): readonly tf.Tensor4D[];
  /** Distillation loss of vanilla features of normal parts, one number. For `trainStep(stage.variables, …)`. */
  loss(features: readonly tf.Tensor4D[]): tf.Scalar;
  /** Uncalibrated anomaly maps [B, H, W, 1] of vanilla features. Call in tf.tidy. */
  map(features: readonly tf.Tensor4D[]): tf.Tensor4D;
  /** The network text with all weights of the method, to be exported. */
  trained(): TrainedMethod;
  dispose(): void;
}

/**
 * A student (`student.*`) that learns what a frozen teacher says of normal parts.
 * @throws ModelError `missing-weight` if a frozen weight that the network needs is not given.
 */
export function createStudentStage(options: StudentStageOptions): StudentStage {
  const { levels, seed, teacher, distill, network, frozen } = options;
  const { weights: specs } = countCost(
    network,
    levels.map(({ shape }) => shape),
  );
  const fresh = options.begin === "uniform" ? uniformStart(specs, seed) : [];
  const given = new Map([...fresh, ...frozen]);
  const fixed = specs.filter(({ name }) => !name.startsWith("student."));
  for (const { name, shape } of fixed) requireWeight(given, name, shape);
  const learned = specs.filter((spec) => spec.name.startsWith("student.") && isTrainable(spec));
  const variables = new TfWeights(
    initializeWeights(specs, seed, given),
    new Set(learned.map(({ name }) => name)),
  );
  const lesson = (features: readonly tf.Tensor4D[]): readonly tf.Tensor4D[] =>
    teacher(tfOps(variables, "infer"), features);
  return {
    variables,
    lesson,
    loss: (features) => {
      const outputs = distill(tfOps(variables, "train"), lesson(features));
      return options.loss(outputs.slice(0, levels.length), outputs.slice(levels.length));
    },
    map: (features) => {
      const [map] = network(tfOps(variables, "infer"), features);
      if (!map) throw new RangeError("The network must give one output: the anomaly map.");
      return map;
    },
    trained: () => ({ network, weights: variables.toWeights() }),
    dispose: () => {
      variables.dispose();
    },
  };
}
