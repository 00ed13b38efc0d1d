import type { AandConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import { countCost } from "../../graph/cost.ts";
import { initializeWeights } from "../../graph/initialize.ts";
import type { Weights } from "../../graph/ops.ts";
import { requireWeight } from "../../graph/require-weight.ts";
import type { tf } from "../../graph/tf.ts";
import { tfOps } from "../../graph/tf-ops.ts";
import { TfWeights } from "../../graph/tf-weights.ts";
import type { Level, TrainedMethod } from "../method.ts";
import { aandNetwork, advancedTeacher, distillNetwork } from "./aand-network.ts";
import { cosineDistillLoss, whitenedLoss } from "../shared/losses.ts";

export interface DistillStageOptions {
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly config: AandConfig;
  readonly seed: number;
  /** Trained `raa.*` weights (`AmplifyStage.trainedWeights`, `withTrust`); null: the vanilla teacher is distilled. */
  readonly amplify: Weights | null;
  /** `whiteningWeights` of the vanilla features of normal parts. */
  readonly whitening: Weights;
  /** Size of the anomaly map: that of the model's input picture. */
  readonly mapSize: Size;
  /** Where to begin instead of fresh weights: `variables.toWeights()` of an interrupted run, or an earlier student. */
  readonly start?: Weights;
}

/** Stage 2 (distill): what a training loop steps. Teacher, amplifier and whitening are frozen. */
export interface DistillStage {
  readonly variables: TfWeights;
  /** What the student learns of vanilla features [B, h, w, C]: see `advancedTeacher`. */
  lesson(features: readonly tf.Tensor4D[]): readonly tf.Tensor4D[];
  /** Distillation loss of vanilla features of normal parts, one number. For `trainStep(stage.variables, …)`. */
  loss(features: readonly tf.Tensor4D[]): tf.Scalar;
  /** Uncalibrated anomaly maps [B, H, W, 1] of vanilla features. Call in tf.tidy. */
  map(features: readonly tf.Tensor4D[]): tf.Tensor4D;
  /** The network text with all weights of the method (`raa.*`, `whiten.*`, `standardize.*`, `student.*`), to be exported. */
  trained(): TrainedMethod;
  dispose(): void;
}

/** @throws ModelError `missing-weight` if whitening or amplifier weights of a level are not given. */
export function createDistillStage(options: DistillStageOptions): DistillStage {
  const { levels, seed, amplify, whitening, mapSize, start } = options;
  const enabled = options.config.amplify.enabled && amplify !== null;
  const config = { ...options.config, amplify: { ...options.config.amplify, enabled } };
  const network = aandNetwork(levels, config, mapSize);
  const { weights: specs } = countCost(
    network,
    levels.map(({ shape }) => shape),
  );
  const given = new Map([...(start ?? []), ...whitening, ...(amplify ?? [])]);
  const frozen = specs.filter(({ name }) => !name.startsWith("student."));
  for (const { name, shape } of frozen) requireWeight(given, name, shape);
  const learned = specs.filter(({ name, kind }) => name.startsWith("student.") && LEARNED.has(kind));
  const variables = new TfWeights(
    initializeWeights(specs, seed, given),
    new Set(learned.map(({ name }) => name)),
  );

  const teacher = advancedTeacher(levels, config);
  const distill = distillNetwork(levels, config);
  const lossOf = config.distance === "cosine" ? cosineDistillLoss : whitenedLoss;
  const hard = { count: config.distill.hardLocations, weight: config.distill.hardWeight };
  const lesson = (features: readonly tf.Tensor4D[]): readonly tf.Tensor4D[] =>
    teacher(tfOps(variables, "infer"), features);
  return {
    variables,
    lesson,
    loss: (features) => {
      const outputs = distill(tfOps(variables, "train"), lesson(features));
      return lossOf(outputs.slice(0, levels.length), outputs.slice(levels.length), hard);
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

const LEARNED: ReadonlySet<string> = new Set(["conv", "bias", "bn-scale", "bn-shift"]);
