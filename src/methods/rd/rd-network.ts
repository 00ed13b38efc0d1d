import type { RdConfig } from "../../config/method-schema.ts";
import type { Size } from "../../domain/inspection.ts";
import type { Network } from "../../graph/ops.ts";
import type { Level } from "../method.ts";
import { mapNetwork } from "../shared/map-network.ts";
import { standardized } from "../shared/standardized.ts";
import { compactStudent } from "../students/compact.ts";
import { reverseStudent } from "../students/reverse.ts";

/** Vanilla features to targets (the same), then predictions. The compact student sees standardised features. */
export function rdDistillNetwork(levels: readonly Level[], { student }: Pick<RdConfig, "student">): Network {
  return (ops, features) => [
    ...features,
    ...(student === "reverse"
      ? reverseStudent(ops, features)
      : compactStudent(ops, standardized(ops, levels, features))),
  ];
}

/** Vanilla features to [anomaly map of `mapSize`]: 1 − cos of each level, up-sampled, summed, blurred. */
export function rdNetwork(
  levels: readonly Level[],
  config: Pick<RdConfig, "student" | "blurSigmaPx">,
  mapSize: Size,
): Network {
  const distill = rdDistillNetwork(levels, config);
  const map = mapNetwork({ distance: "cosine", blurSigmaPx: config.blurSigmaPx, ...mapSize });
  return (ops, features) => map(ops, distill(ops, features));
}
