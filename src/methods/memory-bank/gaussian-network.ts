import type { Size } from "../../domain/inspection.ts";
import type { Network, Ops } from "../../graph/ops.ts";
import { anomalyMap } from "../shared/map-network.ts";
import { patchFeatures } from "../shared/bank/patch-features.ts";

export interface GaussianOptions {
  /** Principal components kept. */
  readonly components: number;
  readonly blurSigmaPx: number;
  readonly mapSize: Size;
}

/** Patch features in the whitened principal components of all normals: components × h × w. */
export function principalFeatures<T>(ops: Ops<T>, features: readonly T[], components: number): T {
  return ops.conv2d(patchFeatures(ops, features), "gaussian.components", {
    filters: components,
    kernel: 1,
    bias: true,
  });
}

/**
 * Vanilla features to [anomaly map of `mapSize`]: at each place the Mahalanobis distance to the normals of that place
 * (PaDiM), divided by √components, with covariances that are diagonal in the components: `gaussian.mean` (negative) and
 * `gaussian.scale`, both [components, h, w].
 */
export function gaussianNetwork({ components, blurSigmaPx, mapSize }: GaussianOptions): Network {
  return (ops, features) => {
    const x = principalFeatures(ops, features, components);
    const { c, h, w } = ops.shape(x);
    const centred = ops.addConstant(x, "gaussian.mean", [c, h, w]);
    const scaled = ops.mulConstant(centred, "gaussian.scale", [c, h, w]);
    const distance = ops.sqrt(ops.meanChannels(ops.square(scaled)));
    return [anomalyMap(ops, [distance], { ...mapSize, blurSigmaPx })];
  };
}
