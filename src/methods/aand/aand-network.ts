import type { Size } from "../../domain/inspection.ts";
import type { AandConfig } from "../../config/method-schema.ts";
import type { Network } from "../../graph/ops.ts";
import type { Level } from "../method.ts";
import { zip } from "../../graph/zip.ts";
import { compactStudent } from "../students/compact.ts";
import { reverseStudent } from "../students/reverse.ts";
import { amplifyLevel, gateOfLevel, trustedGate } from "./amplify-network.ts";
import { anomalyMap, distanceMap } from "../shared/map-network.ts";
import { standardized } from "../shared/standardized.ts";

/** The slice of the configuration that shapes the network. */
export type AandShape = Pick<AandConfig, "distance" | "student" | "blurSigmaPx" | "amplify">;

/**
 * Largest gain of the whitened distance at a place that the gate marks: (T − S)² · (1 + 3·trust·w). Factor 3 as measured in
 * accuracy.md ("Product R·(1+3p)"). Why not the paper's f + w·s ⊙ f there: s may be negative, which turns a direction (cosine)
 * but shrinks a squared error. On magnetic-tile, one seed: .790 without, .817 with this, .746 with the paper's residual.
 */
const GAIN = 3;

/**
 * Vanilla teacher features to those that the student learns. `cosine` (the paper): amplified by RAA. `whitened`: PCA-whitened
 * by `whiten.<level>`, a 1×1 convolution with bias (whiten.ts); the gate then acts on the distance instead.
 */
export function advancedTeacher(levels: readonly Level[], config: AandShape): Network {
  if (config.distance === "whitened") return whitenedTeacher(levels);
  if (!config.amplify.enabled) return (_ops, features) => features;
  return (ops, features) =>
    zip(levels, features).map(
      ([{ level }, feature]) => amplifyLevel(ops, feature, level, config.amplify).amplified,
    );
}

/**
 * Stage 1's text, vanilla features in. `cosine`: (feature, gate, residual) of each level in turn. `whitened`: (whitened
 * feature, gate) of each level; there is no residual to learn.
 */
export function amplifierNetwork(
  levels: readonly Level[],
  config: Pick<AandShape, "distance" | "amplify">,
): Network {
  if (config.distance === "cosine") {
    return (ops, features) =>
      zip(levels, features).flatMap(([{ level }, feature]) => {
        const { gate, residual } = amplifyLevel(ops, feature, level, config.amplify);
        return [feature, gate, residual];
      });
  }
  const whiten = whitenedTeacher(levels);
  return (ops, features) =>
    zip(levels, whiten(ops, features)).flatMap(([{ level }, feature]) => [
      feature,
      gateOfLevel(ops, feature, level, config.amplify),
    ]);
}

/** The student's lesson to what it says: outputs targets, then predictions. */
export function distillNetwork(levels: readonly Level[], config: AandShape): Network {
  const student = config.student === "compact" ? compactStudent : reverseStudent;
  return (ops, targets) => [
    ...targets,
    ...student(ops, standardizes(config) ? standardized(ops, levels, targets) : targets),
  ];
}

/** The whole method, as `TrainedMethod.network`: vanilla teacher features to [anomaly map of `mapSize`], uncalibrated. */
export function aandNetwork(levels: readonly Level[], config: AandShape, mapSize: Size): Network {
  const teacher = advancedTeacher(levels, config);
  const distill = distillNetwork(levels, config);
  const weighs = config.distance === "whitened" && config.amplify.enabled;
  return (ops, features) => {
    const outputs = distill(ops, teacher(ops, features));
    const targets = outputs.slice(0, levels.length);
    const predictions = outputs.slice(levels.length);
    const distances = zip(levels, zip(targets, predictions)).map(([{ level }, [target, prediction]]) => {
      const distance = distanceMap(ops, target, prediction, config.distance);
      if (!weighs) return distance;
      const gate = trustedGate(ops, target, level, config.amplify);
      return ops.mul(distance, ops.affine(gate, GAIN, 1));
    });
    return [anomalyMap(ops, distances, { ...mapSize, blurSigmaPx: config.blurSigmaPx })];
  };
}

/** Whether the student needs standardised inputs: the compact one does, unless they are whitened already. */
const standardizes = (config: Pick<AandShape, "distance" | "student">): boolean =>
  config.student === "compact" && config.distance === "cosine";

function whitenedTeacher(levels: readonly Level[]): Network {
  return (ops, features) =>
    zip(levels, features).map(([{ level }, feature]) =>
      ops.conv2d(feature, `whiten.${level}`, { filters: ops.shape(feature).c, kernel: 1, bias: true }),
    );
}
