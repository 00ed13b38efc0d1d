import type { Network, Ops, Shape } from "../../graph/ops.ts";
import { lateral, separable } from "../shared/blocks.ts";
import { coarsestOf, pooledToCoarsest } from "../shared/coarsest.ts";

/** Channels of the student for a coarsest level of 112 (EfficientNet-Lite0): 96 around, 64 in the bottleneck. */
const TRUNK_SHARE = 6 / 7;
const BOTTLENECK_SHARE = 2 / 3;
const MAX_TRUNK = 256;

const multipleOf8 = (channels: number): number => Math.max(8, Math.round(channels / 8) * 8);

/**
 * A light encoder–decoder student for small teachers: all levels are pooled to the coarsest and squeezed through a
 * bottleneck of half that size, then grown again by depthwise-separable blocks; each level is predicted on the way up.
 * Trunk width 6/7 of the coarsest level's channels (at most 256), halved at each finer level: on EfficientNet-Lite0
 * levels 2 and 3 this is 96-64-96-48, as measured.
 *
 * Inputs: (standardised) features, finest first, sizes a power of two apart, the coarsest even.
 * Outputs: predicted targets of the same shapes and order. Weights: `student.*`.
 */
export const compactStudent: Network = (ops, inputs) =>
  compactStudentThrough(ops, inputs, (squeezed) => squeezed);

/** The same with a text of one's own between the bottleneck and the decoder; it must keep the shape. */
export function compactStudentThrough<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  between: (squeezed: T) => T,
): readonly T[] {
  const shapes = inputs.map((input) => ops.shape(input));
  const coarsest = coarsestOf(shapes);
  const trunk = Math.min(MAX_TRUNK, multipleOf8(coarsest.c * TRUNK_SHARE));
  return decode(
    ops,
    between(bottleneck(ops, ops.concat(pooledToCoarsest(ops, inputs)), trunk)),
    shapes,
    trunk,
  );
}

/** One-class bottleneck: half the height and width of the coarsest level. */
function bottleneck<T>(ops: Ops<T>, features: T, trunk: number): T {
  let x = ops.avgPool(lateral(ops, features, "student.merge", trunk), 2);
  x = separable(ops, x, "student.bottleneck.0", trunk);
  return separable(ops, x, "student.bottleneck.1", multipleOf8(trunk * BOTTLENECK_SHARE));
}

/** Grows to each level's size in turn, coarsest first, and predicts it by a 1×1 convolution. */
function decode<T>(ops: Ops<T>, squeezed: T, shapes: readonly Shape[], trunk: number): readonly T[] {
  let x = squeezed;
  let width = trunk;
  const predictions: T[] = [];
  for (const [step, shape] of shapes.toReversed().entries()) {
    const name = `student.up${step + 1}`;
    while (ops.shape(x).h < shape.h) x = ops.upsample2x(x);
    x = separable(ops, x, `${name}.0`, width);
    x = separable(ops, x, `${name}.1`, width);
    predictions.push(ops.conv2d(x, `${name}.head`, { filters: shape.c, kernel: 1, bias: true }));
    width = multipleOf8(width / 2);
  }
  return predictions.reverse();
}
