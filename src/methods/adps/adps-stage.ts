import type { AdpsConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import { countCost, isTrainable } from "../../graph/cost.ts";
import { initializeWeights } from "../../graph/initialize.ts";
import type { Weights } from "../../graph/ops.ts";
import { tf } from "../../graph/tf.ts";
import { tfOps } from "../../graph/tf-ops.ts";
import { TfWeights } from "../../graph/tf-weights.ts";
import type { Level, StageBatch, TrainableStage, TrainedMethod } from "../method.ts";
import { focalLoss, levelLabels } from "../shared/losses.ts";
import { adpsLessons, adpsNetwork } from "./adps-network.ts";
import { asymmetricLoss } from "./asymmetric-loss.ts";
import { requireWholeCrops } from "./crop-student.ts";

export interface AdpsStageOptions {
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly config: AdpsConfig;
  /** Size of the picture, and of the anomaly map. */
  readonly mapSize: Size;
  readonly seed: number;
  /** `standardizationWeights`, from the vanilla features of normal parts. */
  readonly standardizing: Weights;
}

/** Student and segmentation, learning together from synthetic anomalies. */
export interface AdpsStage extends TrainableStage {
  /** The network text with all weights of the method (`standardize.*`, `student.*`, `segment.*`), to be exported. */
  trained(): TrainedMethod;
  dispose(): void;
}

/** @throws TrainingError `patches` if the pictures cannot be cut as configured. */
export function createAdpsStage(options: AdpsStageOptions): AdpsStage {
  const { levels, config, mapSize, seed, standardizing } = options;
  requireWholeCrops(mapSize, levels, config.patches);
  const lessons = adpsLessons(levels, config, mapSize);
  const picture = { c: 3, h: mapSize.height, w: mapSize.width };
  const { weights: specs } = countCost(lessons, [...levels.map(({ shape }) => shape), picture]);
  const learned = specs.filter(isTrainable);
  const variables = new TfWeights(
    initializeWeights(specs, seed, standardizing),
    new Set(learned.map(({ name }) => name)),
  );
  return {
    variables,
    loss: (batch) => {
      const { inputs, mask } = requirePictures(batch);
      const outputs = lessons(tfOps(variables, "train"), inputs);
      const labels = levels.map(({ shape }) => levelLabels(mask, shape.h, shape.w));
      const distillation = asymmetricLoss(outputs.slice(0, levels.length), labels);
      const probabilities = outputs.slice(levels.length).map((logit) => tf.sigmoid(logit));
      return tf.add(distillation, tf.mul(focalLoss(probabilities, [mask]), config.segmentWeight));
    },
    trained: () => ({ network: adpsNetwork(levels, config, mapSize), weights: variables.toWeights() }),
    dispose: () => {
      variables.dispose();
    },
  };
}

function requirePictures({ features, pictures, mask }: StageBatch) {
  if (pictures && mask) return { inputs: [...features, pictures], mask };
  throw new RangeError("ADPS learns from synthetic anomalies: it needs a batch with pictures and masks.");
}
