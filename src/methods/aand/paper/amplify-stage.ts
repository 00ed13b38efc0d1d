import type { AandConfig } from "../../../config/method-schema.ts";
import { countCost } from "../../../graph/cost.ts";
import { initializeWeights } from "../../../graph/initialize.ts";
import type { Weights } from "../../../graph/ops.ts";
import { createRandom, hashSeed } from "../../../graph/random.ts";
import { tf } from "../../../graph/tf.ts";
import { tfOps } from "../../../graph/tf-ops.ts";
import { type TensorSource, TfWeights } from "../../../graph/tf-weights.ts";
import type { Level } from "../../method.ts";
import { amplifierNetwork } from "./aand-network.ts";
import { amplifyConstants, holdsKeys, unitKeys } from "./amplify-network.ts";
import { initialAmplifier } from "./amplify-weights.ts";
import { amplifyLoss, focalLoss, levelLabels } from "../../shared/losses.ts";

const FOCAL_WEIGHT = 1; // AAND, official train.py
const AMPLIFY_WEIGHT = 0.1;

export interface AmplifyStageOptions {
  /** The levels that the method uses, finest first. */
  readonly levels: readonly Level[];
  readonly config: Pick<AandConfig, "amplify">;
  readonly seed: number;
}

/** What one step of stage 1 looks at. */
export interface AmplifyBatch {
  /** Vanilla teacher features [B, h, w, C] per level. */
  readonly features: readonly tf.Tensor4D[];
  /** [B, H, W, 1] at picture size, 1 = synthetic defect. */
  readonly masks: tf.Tensor4D;
  /** Same shape, 1 = product; null: everything is. */
  readonly foregrounds: tf.Tensor4D | null;
  /** Seeds the draw of locations. */
  readonly step: number;
}

/** Stage 1 (amplify): what a training loop steps. Call `loss` in `trainStep(stage.variables, …)`, the rest in tf.tidy. */
export interface AmplifyStage {
  readonly variables: TfWeights;
  /**
   * Focal loss of the gates + 0.1 × amplification loss, one number.
   * The same batch and step give the same number, so an interrupted run goes on as if it had not been.
   */
  loss(batch: AmplifyBatch): tf.Scalar;
  /** Soft gates [B, h, w, 1] in 0..1 per level. */
  gates(features: readonly tf.Tensor4D[]): tf.Tensor4D[];
  /** All `raa.*` weights as `aandNetwork` wants them: keys of length 1, trust 1. */
  trainedWeights(): Weights;
  dispose(): void;
}

export function createAmplifyStage(options: AmplifyStageOptions): AmplifyStage {
  const { levels, config, seed } = options;
  const network = amplifierNetwork(levels, config);
  const shapes = levels.map(({ shape }) => shape);
  const { weights: specs } = countCost(network, shapes);
  const constants = amplifyConstants(levels);
  const ownSpecs = specs.filter(({ name }) => name.startsWith("raa."));
  const first = new Map([...initialAmplifier(ownSpecs, seed), ...constants]);
  const learned = new Set(ownSpecs.map(({ name }) => name).filter((name) => !constants.has(name)));
  const variables = new TfWeights(initializeWeights(specs, seed, first), learned);
  const source = withUnitKeys(variables);

  const run = (features: readonly tf.Tensor4D[]) => {
    const outputs = network(tfOps(source, "train"), features);
    return levels.map(({ shape }, at) => {
      const [feature, gate, residual] = outputs.slice(3 * at, 3 * at + 3);
      return { shape, feature: feature!, gate: gate!, residual: residual! };
    });
  };
  return {
    variables,
    loss({ features, masks, foregrounds, step }) {
      const results = run(features).map((result) => {
        const { h, w } = result.shape;
        const foreground = foregrounds && levelLabels(foregrounds, h, w);
        return { ...result, label: levelLabels(masks, h, w), foreground };
      });
      const focal = focalLoss(
        results.map(({ gate }) => gate),
        results.map(({ label }) => label),
      );
      const amplified = results.map(hardAmplified);
      const random = createRandom(hashSeed(seed, `pairs of step ${step}`));
      const amplification = amplifyLoss(amplified, config.amplify.margin, random);
      return tf.add(tf.mul(focal, FOCAL_WEIGHT), tf.mul(amplification, AMPLIFY_WEIGHT));
    },
    gates: (features) => run(features).map(({ gate }) => gate),
    trainedWeights: () => {
      const own = [...variables.toWeights()].filter(([name]) => name.startsWith("raa."));
      return unitKeys(new Map([...own, ...constants]));
    },
    dispose: () => {
      variables.dispose();
    },
  };
}

/** What the amplification loss looks at: the residual added where the label says so (hard gate, AAND Eq. 6). */
function hardAmplified<L extends { feature: tf.Tensor4D; label: tf.Tensor4D; residual: tf.Tensor4D }>(
  level: L,
) {
  const { feature, label, residual } = level;
  return { ...level, amplified: tf.add<tf.Tensor4D>(feature, tf.mul(label, residual)) };
}

/** Keys are learned at any length; the network text sees them at length 1, and the gradient knows. */
function withUnitKeys(variables: TensorSource): TensorSource {
  return {
    setStatistic: (name, value) => {
      variables.setStatistic(name, value);
    },
    get(name) {
      const tensor = variables.get(name);
      if (!holdsKeys(name)) return tensor;
      const squaredNorm = tf.sum(tf.square(tensor), 2, true); // [1, 1, C, 2N] in TensorFlow's layout
      return tf.div(tensor, tf.sqrt(tf.maximum(squaredNorm, 1e-16)));
    },
  };
}
