import type { Ops } from "../../../graph/ops.ts";
import { lateral, separable } from "../../shared/blocks.ts";

/** Channels of each level's lateral and of what comes out of it, coarsest first; the last is used again for finer ones. */
const WIDTHS = [64, 48, 32] as const;

/**
 * The gate of the fused form: where does the picture look like a synthetic anomaly? A pyramid from the coarsest level to
 * the finest, so that a place is judged with what lies around it; the paper's gate judges each place by itself
 * (accuracy.md, item 4: magnetic-tile .836 → .847, in half the time).
 * @param features standardised, finest first, each level half the size of the one before
 * @returns logits 1 × h × w of each level, finest first
 */
export function contextGate<T>(ops: Ops<T>, features: readonly T[]): readonly T[] {
  const logits: T[] = [];
  let above: T | null = null;
  for (const [step, feature] of features.toReversed().entries()) {
    const name = `gate.${step}`;
    const width = WIDTHS[Math.min(step, WIDTHS.length - 1)]!;
    const side = lateral(ops, feature, `${name}.lateral`, width);
    const seen: T = above === null ? side : ops.concat([grown(ops, above, feature), side]);
    above = separable(ops, seen, `${name}.mix`, width);
    logits.push(ops.conv2d(above, `${name}.logit`, { filters: 1, kernel: 1, bias: true }));
  }
  return logits.toReversed();
}

function grown<T>(ops: Ops<T>, coarse: T, fine: T): T {
  let x = coarse;
  while (ops.shape(x).h < ops.shape(fine).h) x = ops.upsample2x(x);
  return x;
}
