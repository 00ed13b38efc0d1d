import type { Size } from "../../domain/inspection.ts";
import type { Network, Ops, Weight, Weights } from "../../graph/ops.ts";
import { anomalyMap } from "../shared/map-network.ts";
import type { Rows } from "./coreset.ts";
import { patchFeatures } from "./patch-features.ts";

/**
 * Largest number of products (keys × places) that are held at once, 8 MB: at 640² and 4000 keys all of them would be
 * 100 MB. The keys are cut into chunks and the highest of each chunk's highest is taken.
 */
const MAX_PRODUCTS = 2 ** 21;

/** Added under the root: without it a rounding error of 1e-7 at distance 0 becomes one of 3e-4. */
const SMALLEST_SQUARE = 1e-3;

export interface NearestOptions {
  /** Keys in the bank. */
  readonly keys: number;
  readonly blurSigmaPx: number;
  readonly mapSize: Size;
}

/** Standardised patch features, scaled so that their squared length is a mean over channels: what the bank holds. */
export function bankFeatures<T>(ops: Ops<T>, features: readonly T[]): T {
  const raw = patchFeatures(ops, features);
  return ops.mulConstant(ops.addConstant(raw, "bank.offset", [ops.shape(raw).c]), "bank.scale");
}

/**
 * Distance of each patch feature to its nearest key, 1 × h × w: √(mean over channels of (x − k)²), standardised, thus
 * about 0..1 on normals. ‖x − k‖² = ‖x‖² − 2·(x·k − ‖k‖²/2), so that the bank is the weight of a 1×1 convolution whose
 * bias is −‖k‖²/2 and the nearest key is its highest channel.
 */
export function nearestDistance<T>(ops: Ops<T>, features: readonly T[], keys: number): T {
  const x = bankFeatures(ops, features);
  const { h, w } = ops.shape(x);
  const closeness = chunksOf(keys, h * w).map((filters, chunk) =>
    ops.maxChannels(ops.conv2d(x, `bank.keys.${chunk}`, { filters, kernel: 1, bias: true })),
  );
  const closest = closeness.length === 1 ? closeness[0]! : ops.maxChannels(ops.concat(closeness));
  const square = ops.sub(ops.sumChannels(ops.square(x)), ops.affine(closest, 2, 0));
  return ops.sqrt(ops.affine(ops.relu(square), 1, SMALLEST_SQUARE));
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

/** `bank.keys.*`: the keys with their biases, in the chunks that `nearestDistance` expects on a grid of `places`. */
export function keyWeights({ count, dims, data }: Rows, places: number): Weights {
  let begin = 0;
  return new Map(
    chunksOf(count, places).flatMap((filters, chunk): [string, Weight][] => {
      const keys = data.slice(begin * dims, (begin + filters) * dims);
      begin += filters;
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

/** How many keys each chunk has: as few chunks as `MAX_PRODUCTS` allows, almost equally long. */
function chunksOf(keys: number, places: number): number[] {
  const chunks = Math.max(1, Math.ceil((keys * places) / MAX_PRODUCTS));
  return Array.from({ length: chunks }, (_, chunk) => {
    const [begin, end] = [chunk, chunk + 1].map((at) => Math.floor((at * keys) / chunks));
    return (end ?? 0) - (begin ?? 0);
  });
}
