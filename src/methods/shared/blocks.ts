import type { Ops } from "../../graph/ops.ts";

/** 1×1, batch norm, ReLU: features brought to another width. */
export function lateral<T>(ops: Ops<T>, x: T, name: string, filters: number): T {
  return ops.relu(ops.batchNorm(ops.conv2d(x, `${name}.conv`, { filters, kernel: 1 }), `${name}.bn`));
}

/** Depthwise 3×3, batch norm, 1×1 with bias, ReLU. */
export function separable<T>(ops: Ops<T>, x: T, name: string, filters: number): T {
  const channels = ops.shape(x).c;
  const filtered = ops.conv2d(x, `${name}.depthwise`, { filters: channels, kernel: 3, depthwise: true });
  const normed = ops.batchNorm(filtered, `${name}.bn`);
  return ops.relu(ops.conv2d(normed, `${name}.pointwise`, { filters, kernel: 1, bias: true }));
}
