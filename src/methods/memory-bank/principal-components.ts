import type { Weight, Weights } from "../../graph/ops.ts";
import { symmetricEigen } from "../shared/symmetric-eigen.ts";
import { createFeatureAccumulator } from "../shared/whiten.ts";
import type { Rows } from "../shared/bank/coreset.ts";

/** Channels that are looked at, drawn at random where there are more (PaDiM §III-D); bounds the time of the eigenvectors. */
const MAX_CHANNELS = 192;
const SMALLEST_SHARE = 1e-4; // of the mean variance, added to each: a component that never varies stays finite

/**
 * The strongest principal components of these rows, each scaled to variance 1, as a 1×1 convolution.
 * @param random numbers in [0, 1)
 * @returns `gaussian.components.weight` [components, dims, 1, 1] and `.bias`
 */
export function principalComponents(
  { dims, data }: Rows,
  wanted: number,
  random: () => number,
): { readonly components: number; readonly weights: Weights } {
  const channels = drawChannels(dims, random);
  const size = channels.length;
  const accumulator = createFeatureAccumulator(size);
  accumulator.add(columns(data, dims, channels));
  const { mean, covariance } = accumulator.result();
  const { values, vectors } = symmetricEigen(covariance, size);
  const components = Math.min(wanted, size);
  const ridge = (SMALLEST_SHARE * values.reduce((sum, value) => sum + value, 0)) / size + 1e-12;
  const weight = new Float32Array(components * dims);
  const bias = new Float32Array(components);
  for (let row = 0; row < components; row++) {
    const scale = 1 / Math.sqrt(Math.max(values[row] ?? 0, 0) + ridge);
    for (const [at, channel] of channels.entries()) {
      const factor = scale * (vectors[at * size + row] ?? 0);
      weight[row * dims + channel] = factor;
      bias[row] = (bias[row] ?? 0) - factor * (mean[at] ?? 0);
    }
  }
  const named: [string, Weight][] = [
    ["gaussian.components.weight", { shape: [components, dims, 1, 1], data: weight }],
    ["gaussian.components.bias", { shape: [components], data: bias }],
  ];
  return { components, weights: new Map(named) };
}

/** At most `MAX_CHANNELS` different channels, ascending. */
function drawChannels(dims: number, random: () => number): number[] {
  const all = Array.from({ length: dims }, (_, channel) => ({ channel, draw: random() }));
  const kept = all.sort((a, b) => a.draw - b.draw).slice(0, MAX_CHANNELS);
  return kept.map(({ channel }) => channel).sort((a, b) => a - b);
}

function columns(data: Float32Array, dims: number, channels: readonly number[]): Float32Array {
  const { length } = channels;
  return Float32Array.from(
    { length: (data.length / dims) * length },
    (_, at) => data[Math.floor(at / length) * dims + (channels[at % length] ?? 0)] ?? 0,
  );
}
