import type { AandConfig } from "../../../config/method-schema.ts";
import type { Size } from "../../../domain/inspection.ts";
import type { Network } from "../../../graph/ops.ts";
import { zip } from "../../../graph/zip.ts";
import type { Level } from "../../method.ts";
import { anomalyMap, distanceMap } from "../../shared/map-network.ts";
import { standardized } from "../../shared/standardized.ts";
import { compactStudent } from "../../students/compact.ts";
import { reverseStudent } from "../../students/reverse.ts";
import { amplifyLevel, residualOfLevel, trustedGate } from "./amplify-network.ts";

/** The slice of the configuration that shapes the network. */
export type AandShape = Pick<AandConfig, "student" | "blurSigmaPx" | "amplify">;

/** The ablation whose map is the gate's: it has no student. */
export const isGateAlone = ({ amplify }: Pick<AandShape, "amplify">): boolean =>
  amplify.enabled && amplify.use === "gate";

/**
 * Vanilla teacher features to those that the student learns: amplified by RAA (AAND Eq. 5); by the generator alone, the residual
 * is added everywhere.
 */
export function advancedTeacher(levels: readonly Level[], { amplify }: AandShape): Network {
  if (!amplify.enabled || amplify.use === "gate") return (_ops, features) => features;
  return (ops, features) =>
    zip(levels, features).map(([{ level }, feature]) =>
      amplify.use === "generator"
        ? ops.add(feature, residualOfLevel(ops, feature, level, amplify))
        : amplifyLevel(ops, feature, level, amplify).amplified,
    );
}

/** Stage 1's text, vanilla features in: (feature, gate, residual) of each level in turn. */
export function amplifierNetwork(levels: readonly Level[], { amplify }: Pick<AandShape, "amplify">): Network {
  return (ops, features) =>
    zip(levels, features).flatMap(([{ level }, feature]) => {
      const { gate, residual } = amplifyLevel(ops, feature, level, amplify);
      return [feature, gate, residual];
    });
}

/** The student's lesson to what it says: outputs targets, then predictions. The compact student's inputs are standardised. */
export function distillNetwork(levels: readonly Level[], { student }: AandShape): Network {
  if (student === "reverse") return (ops, targets) => [...targets, ...reverseStudent(ops, targets)];
  return (ops, targets) => [...targets, ...compactStudent(ops, standardized(ops, levels, targets))];
}

/** The whole method, as `TrainedMethod.network`: vanilla teacher features to [anomaly map of `mapSize`], uncalibrated. */
export function aandNetwork(levels: readonly Level[], config: AandShape, mapSize: Size): Network {
  const output = { ...mapSize, blurSigmaPx: config.blurSigmaPx };
  if (isGateAlone(config))
    return (ops, features) => [
      anomalyMap(
        ops,
        zip(levels, features).map(([{ level }, feature]) => trustedGate(ops, feature, level, config.amplify)),
        output,
      ),
    ];
  const teacher = advancedTeacher(levels, config);
  const distill = distillNetwork(levels, config);
  return (ops, features) => {
    const outputs = distill(ops, teacher(ops, features));
    const pairs = zip(outputs.slice(0, levels.length), outputs.slice(levels.length));
    const distances = pairs.map(([target, prediction]) => distanceMap(ops, target, prediction, "cosine"));
    return [anomalyMap(ops, distances, output)];
  };
}
