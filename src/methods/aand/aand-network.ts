import type { Size } from "../../domain/inspection.ts";
import type { AandConfig } from "../../config/schema.ts";
import type { Network, Ops } from "../../graph/ops.ts";
import type { Level } from "../method.ts";
import { zip } from "../../graph/zip.ts";
import { compactStudent } from "../students/compact.ts";
import { reverseStudent } from "../students/reverse.ts";
import { amplifyLevel } from "./amplify-network.ts";
import { anomalyMap } from "./map-network.ts";

/** The slice of the configuration that shapes the network. */
export type AandShape = Pick<AandConfig, "distance" | "student" | "blurSigmaPx" | "amplify">;

/** What the student sees and what it shall predict, finest level first. */
interface Prepared<T> {
  readonly inputs: readonly T[];
  readonly targets: readonly T[];
}

/** Vanilla teacher features to amplified ones; unchanged where the amplifier is off. Weights: `raa.*`. */
export function advancedTeacher(levels: readonly Level[], config: AandShape): Network {
  return (ops, features) =>
    config.amplify.enabled
      ? zip(levels, features).map(
          ([{ level }, feature]) => amplifyLevel(ops, feature, level, config.amplify).amplified,
        )
      : features;
}

/** Amplified features to the student's predictions and what they are compared with: outputs targets, then predictions. */
export function distillNetwork(levels: readonly Level[], config: AandShape): Network {
  const student = config.student === "compact" ? compactStudent : reverseStudent;
  return (ops, amplified) => {
    const { inputs, targets } = prepare(ops, amplified, levels, config);
    return [...targets, ...student(ops, inputs)];
  };
}

/** Amplified features to the anomaly map of the size given, uncalibrated. Outputs: [map]. */
export function scoringNetwork(levels: readonly Level[], config: AandShape, mapSize: Size): Network {
  const distill = distillNetwork(levels, config);
  return (ops, amplified) => {
    const outputs = distill(ops, amplified);
    const targets = outputs.slice(0, levels.length);
    return [anomalyMap(ops, targets, outputs.slice(levels.length), { ...config, ...mapSize })];
  };
}

/** The whole method, as `TrainedMethod.network`: vanilla teacher features to [anomaly map], uncalibrated. */
export function aandNetwork(levels: readonly Level[], config: AandShape, mapSize: Size): Network {
  const teacher = advancedTeacher(levels, config);
  const scoring = scoringNetwork(levels, config, mapSize);
  return (ops, features) => scoring(ops, teacher(ops, features));
}

/** Whether the student sees standardised features: always, but for the paper's own form (RD student, cosine). */
export const standardizes = (config: AandShape): boolean =>
  config.student === "compact" || config.distance === "whitened";

/**
 * Student inputs (x + `standardize.<level>.offset`) · `standardize.<level>.scale`, and targets `whiten.<level>` (1×1
 * convolution with bias); see whiten.ts for both. The paper's form takes the features as they are.
 */
function prepare<T>(
  ops: Ops<T>,
  amplified: readonly T[],
  levels: readonly Level[],
  config: AandShape,
): Prepared<T> {
  const inputs = !standardizes(config)
    ? amplified
    : zip(levels, amplified).map(([{ level }, feature]) => {
        const name = `standardize.${level}`;
        const centered = ops.addConstant(feature, `${name}.offset`, [ops.shape(feature).c]);
        return ops.mulConstant(centered, `${name}.scale`);
      });
  const targets =
    config.distance === "cosine"
      ? amplified
      : zip(levels, amplified).map(([{ level }, feature]) =>
          ops.conv2d(feature, `whiten.${level}`, {
            filters: ops.shape(feature).c,
            kernel: 1,
            bias: true,
          }),
        );
  return { inputs, targets };
}
