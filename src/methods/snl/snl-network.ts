import type { SnlConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import type { Network } from "../../graph/ops.ts";
import { zip } from "../../graph/zip.ts";
import type { Level } from "../method.ts";
import { anomalyMap, distanceMap } from "../shared/map-network.ts";
import { standardized } from "../shared/standardized.ts";
import { reverseStudentThrough } from "../students/reverse.ts";
import { centralResidual } from "./central-residual.ts";

/** The slice of the configuration that shapes the network. */
export type SnlShape = Pick<SnlConfig, "features" | "centers" | "blurSigmaPx">;

/** Vanilla teacher features to those that are compared: as they are, standardised, or PCA-whitened by `whiten.<level>`. */
export function snlTeacher(
  levels: readonly Level[],
  { features: form }: Pick<SnlShape, "features">,
): Network {
  if (form === "raw") return (_ops, features) => features;
  if (form === "standardized") return (ops, features) => standardized(ops, levels, features);
  return (ops, features) =>
    zip(levels, features).map(([{ level }, feature]) =>
      ops.conv2d(feature, `whiten.${level}`, { filters: ops.shape(feature).c, kernel: 1, bias: true }),
    );
}

/**
 * What the teacher says to what the student says: outputs targets, then predictions. A 1×1 convolution ends each level,
 * because RD's decoder ends in ReLU, and features of linear-bottleneck teachers (and whitened ones) have both signs.
 */
export function snlDistillNetwork({ centers }: Pick<SnlShape, "centers">): Network {
  return (ops, targets) => {
    const decoded = reverseStudentThrough(ops, targets, (squeezed) =>
      centralResidual(ops, squeezed, centers),
    );
    const predictions = decoded.map((feature, at) =>
      ops.conv2d(feature, `student.head${at + 1}`, { filters: ops.shape(feature).c, kernel: 1, bias: true }),
    );
    return [...targets, ...predictions];
  };
}

/** The whole method, as `TrainedMethod.network`: vanilla teacher features to [anomaly map of `mapSize`], uncalibrated. */
export function snlNetwork(levels: readonly Level[], config: SnlShape, mapSize: Size): Network {
  const teacher = snlTeacher(levels, config);
  const distill = snlDistillNetwork(config);
  const distance = config.features === "whitened" ? "whitened" : "cosine";
  return (ops, features) => {
    const outputs = distill(ops, teacher(ops, features));
    const pairs = zip(outputs.slice(0, levels.length), outputs.slice(levels.length));
    const distances = pairs.map(([target, prediction]) => distanceMap(ops, target, prediction, distance));
    return [anomalyMap(ops, distances, { ...mapSize, blurSigmaPx: config.blurSigmaPx })];
  };
}
