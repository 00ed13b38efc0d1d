import type { Weight } from "../../../graph/ops.ts";
import type { Rows } from "./coreset.ts";

/** (x + offset) · scale of each channel; both [C]. */
export interface Standardization {
  readonly offset: Weight;
  readonly scale: Weight;
}

const SMALLEST_STD = 1e-6;

/**
 * What gives every channel of these rows mean 0 and deviation 1/√C: distances are then root mean squares over channels.
 * A channel that never changes is left at scale 1/√C, so that it counts as soon as it does.
 */
export function bankStandardization({ count, dims, data }: Rows): Standardization {
  const sums = new Float64Array(dims);
  const squares = new Float64Array(dims);
  for (let row = 0; row < count; row++)
    for (let channel = 0; channel < dims; channel++) {
      const value = (data[row * dims + channel] ?? 0) - (data[channel] ?? 0); // around the first row: large means lose nothing
      sums[channel] = (sums[channel] ?? 0) + value;
      squares[channel] = (squares[channel] ?? 0) + value * value;
    }
  const offset = Float32Array.from(sums, (sum, channel) => -((data[channel] ?? 0) + sum / count));
  const scale = Float32Array.from(sums, (sum, channel) => {
    const std = Math.sqrt(Math.max((squares[channel] ?? 0) / count - (sum / count) ** 2, 0));
    return 1 / ((std > SMALLEST_STD ? std : 1) * Math.sqrt(dims));
  });
  return { offset: { shape: [dims], data: offset }, scale: { shape: [dims], data: scale } };
}

/** The rows as the bank holds them. */
export function standardizedRows({ count, dims, data }: Rows, { offset, scale }: Standardization): Rows {
  const changed = Float32Array.from(
    data,
    (value, at) => (value + (offset.data[at % dims] ?? 0)) * (scale.data[at % dims] ?? 0),
  );
  return { count, dims, data: changed };
}

/** The rows of these indices. */
export function pickRows({ dims, data }: Rows, indices: Int32Array): Rows {
  const picked = new Float32Array(indices.length * dims);
  indices.forEach((row, at) => {
    picked.set(data.subarray(row * dims, (row + 1) * dims), at * dims);
  });
  return { count: indices.length, dims, data: picked };
}
