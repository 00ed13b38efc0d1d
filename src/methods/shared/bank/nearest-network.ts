import type { Size } from "../../../domain/inspection.ts";
import type { Network, Ops, Weight, Weights } from "../../../graph/ops.ts";
import { anomalyMap } from "../map-network.ts";
import { COMPONENTS } from "./compress.ts";
import type { Rows } from "./coreset.ts";
import { patchFeatures } from "./patch-features.ts";

/**
 * Largest number of products (keys × places) of one convolution, 2 MB: the keys are cut into equal chunks and the larger
 * of each two is kept on the way. All at once would be 100 MB at 640² and 4000 keys, and the highest channel of 4000 takes
 * ONNX Runtime four times as long as the convolution (41.6 against 8.8 ms at 256²).
 */
const MAX_PRODUCTS = 2 ** 19;

/** Added under the root: without it a rounding error of 1e-7 at distance 0 becomes one of 3e-4. */
const SMALLEST_SQUARE = 1e-3;

export interface NearestOptions {
  /** Keys in the bank. */
  readonly keys: number;
  readonly blurSigmaPx: number;
  readonly mapSize: Size;
}

/**
 * Distance of each patch feature to its nearest key, 1 × h × w: √(mean over channels of (x − k)²), standardised, thus
 * about 0..1 on normals; where there are many channels, in the strongest components only (compress.ts).
 * ‖x − k‖² = ‖x‖² − 2·(x·k − ‖k‖²/2), so that the bank is the weight of a 1×1 convolution whose bias is −‖k‖²/2 and the
 * nearest key is its highest channel.
 * @param patches C × h × w, see `patchFeatures`
 */
export function patchDistance<T>(ops: Ops<T>, patches: T, keys: number): T {
  const { c } = ops.shape(patches);
  const standardized = ops.mulConstant(ops.addConstant(patches, "bank.offset", [c]), "bank.scale");
  const x =
    c > COMPONENTS
      ? ops.conv2d(standardized, "bank.components", { filters: COMPONENTS, kernel: 1 })
      : standardized;
  const { h, w } = ops.shape(x);
  const { chunks, filters } = chunksOf(keys, h * w);
  const closest = Array.from({ length: chunks }, (_, chunk) =>
    ops.conv2d(x, `bank.keys.${chunk}`, { filters, kernel: 1, bias: true }),
  ).reduce((best, more) => ops.maximum(best, more));
  const square = ops.sub(ops.sumChannels(ops.square(x)), ops.affine(ops.maxChannels(closest), 2, 0));
  return ops.sqrt(ops.affine(ops.relu(square), 1, SMALLEST_SQUARE));
}

/** The same of teacher features, finest first. */
export function nearestDistance<T>(ops: Ops<T>, features: readonly T[], keys: number): T {
  return patchDistance(ops, patchFeatures(ops, features), keys);
}

/** Vanilla features to [anomaly map of `mapSize`]. `bank.border` [1, h, w] weighs the distance: see border.ts. */
export function nearestNetwork({ keys, blurSigmaPx, mapSize }: NearestOptions): Network {
  return (ops, features) => {
    const distance = nearestDistance(ops, features, keys);
    const { h, w } = ops.shape(distance);
    const weighed = ops.mulConstant(distance, "bank.border", [1, h, w]);
    return [anomalyMap(ops, [weighed], { ...mapSize, blurSigmaPx })];
  };
}

/**
 * `bank.keys.*`: the keys with their biases, in the chunks that `patchDistance` expects on a grid of `places`. Where the
 * last chunk would be shorter the first keys are there twice, which changes no maximum.
 */
export function keyWeights({ count, dims, data }: Rows, places: number): Weights {
  const { chunks, filters } = chunksOf(count, places);
  return new Map(
    Array.from({ length: chunks }).flatMap((_, chunk): [string, Weight][] => {
      const keys = Float32Array.from(
        { length: filters * dims },
        (_value, at) => data[(chunk * filters * dims + at) % (count * dims)] ?? 0,
      );
      return [
        [`bank.keys.${chunk}.weight`, { shape: [filters, dims, 1, 1], data: keys }],
        [`bank.keys.${chunk}.bias`, { shape: [filters], data: halfSquares(keys, dims) }],
      ];
    }),
  );
}

function halfSquares(keys: Float32Array, dims: number): Float32Array {
  return Float32Array.from({ length: keys.length / dims }, (_, key) => {
    let sum = 0;
    for (let at = key * dims; at < (key + 1) * dims; at++) sum += (keys[at] ?? 0) ** 2;
    return -sum / 2;
  });
}

/** As few equal chunks as `MAX_PRODUCTS` allows, and the keys of each. */
function chunksOf(keys: number, places: number): { readonly chunks: number; readonly filters: number } {
  const chunks = Math.min(keys, Math.max(1, Math.ceil((keys * places) / MAX_PRODUCTS)));
  return { chunks, filters: Math.ceil(keys / chunks) };
}
