import type { Ops, Weight } from "../graph/ops.ts";

/** The mean of each channel, at every place. */
export function meanEverywhere<T>(ops: Ops<T>, x: T): T {
  const { h, w } = ops.shape(x);
  const one = ops.resample(x, constant(1, h, 1 / h), constant(1, w, 1 / w));
  return ops.resample(one, constant(h, 1, 1), constant(w, 1, 1));
}

const constant = (rows: number, columns: number, value: number): Weight => ({
  shape: [rows, columns],
  data: new Float32Array(rows * columns).fill(value),
});
