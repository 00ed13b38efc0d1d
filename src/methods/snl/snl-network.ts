import type { SnlConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import type { Network, Ops } from "../../graph/ops.ts";
import type { Level } from "../method.ts";
import { mapNetwork } from "../shared/map-network.ts";
import { standardized } from "../shared/standardized.ts";
import { compactStudentThrough } from "../students/compact.ts";
import { reverseStudentThrough } from "../students/reverse.ts";
import { centralResidual } from "./central-residual.ts";

/** The slice of the configuration that shapes the network. */
export type SnlShape = Pick<SnlConfig, "features" | "student" | "centers" | "blurSigmaPx">;

/** Vanilla teacher features to those that are compared. */
export function snlTeacher(
  levels: readonly Level[],
  { features: form }: Pick<SnlShape, "features">,
): Network {
  if (form === "raw") return (_ops, features) => features;
  return (ops, features) => standardized(ops, levels, features);
}

/** What the teacher says to what the student says: outputs targets, then predictions. */
export function snlDistillNetwork({ student, centers }: Pick<SnlShape, "student" | "centers">): Network {
  return (ops, targets) => {
    const between = (squeezed: (typeof targets)[number]) => centralResidual(ops, squeezed, centers);
    const predictions =
      student === "compact"
        ? compactStudentThrough(ops, targets, between)
        : signed(ops, reverseStudentThrough(ops, targets, between));
    return [...targets, ...predictions];
  };
}

/** RD's decoder ends in ReLU, but standardised features (and those of linear-bottleneck teachers) have both signs. */
function signed<T>(ops: Ops<T>, features: readonly T[]): readonly T[] {
  return features.map((feature, at) =>
    ops.conv2d(feature, `student.head${at + 1}`, { filters: ops.shape(feature).c, kernel: 1, bias: true }),
  );
}

/** The whole method, as `TrainedMethod.network`: vanilla teacher features to [anomaly map of `mapSize`], uncalibrated. */
export function snlNetwork(levels: readonly Level[], config: SnlShape, mapSize: Size): Network {
  const teacher = snlTeacher(levels, config);
  const distill = snlDistillNetwork(config);
  const map = mapNetwork({ distance: "cosine", blurSigmaPx: config.blurSigmaPx, ...mapSize });
  return (ops, features) => map(ops, distill(ops, teacher(ops, features)));
}
