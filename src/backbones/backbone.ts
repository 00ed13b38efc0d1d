import type { Size } from "../domain/inspection.ts";
import type { Network, Shape, Weights } from "../graph/ops.ts";

/** One feature scale of a teacher; finest first. */
export interface Level {
  /** 1-based as in the papers. */
  readonly level: number;
  readonly shape: Shape;
}

/** A pretrained network whose first layers serve as teacher. It holds no weights: those come from a file. */
export interface Backbone {
  /** e.g. `efficientnet-lite0`. */
  readonly name: string;
  /** Per channel (R, G, B) of a picture in 0..1; the features expect (x − mean) / std. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** [3, H, W] normalised → [f1, f2, f3] at strides 4, 8 and 16. Nothing beyond f3 is computed. */
  readonly features: Network;
  /** f1..f3 for pictures of this size. @throws RangeError if a side is no integer of at least 16 pixels. */
  levels(inputSize: Size): Level[];
  /**
   * True for the names in a weight file that belong to the layers computed by `features`: a file that has more of them
   * than the features use was made for a deeper network of the family.
   */
  owns(weightName: string): boolean;
}

/** What all weights of ImageNet expect: torchvision's, and efficientnet-lite-pytorch's (README of its 0.1.0 wheel). */
export const IMAGENET = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies Pick<Backbone, "mean" | "std">;

/** Pixels of the picture per location of f1, f2 and f3. */
export const STRIDES = [4, 8, 16] as const;

const MINIMUM_SIDE = 16;
const MINUS_MEAN = "normalize.minus_mean";
const INVERSE_STD = "normalize.inverse_std";

/** The levels of a backbone with these channels. Every stride-2 layer of both families rounds an odd side up. */
export function levelsOf(channels: readonly [number, number, number], { width, height }: Size): Level[] {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < MINIMUM_SIDE) {
      throw new RangeError(
        `A teacher cannot see pictures of ${width}×${height}; give sides of at least ${MINIMUM_SIDE} pixels.`,
      );
    }
  }
  return STRIDES.map((stride, index) => ({
    level: index + 1,
    shape: { c: channels[index] ?? 0, h: Math.ceil(height / stride), w: Math.ceil(width / stride) },
  }));
}

/**
 * The teacher from a picture in 0..1: normalisation, then features. [3, H, W] → [f1, f2, f3]. Besides the backbone's
 * own weights it needs those of {@link normalizationWeights}.
 */
export function teacherNetwork(backbone: Backbone): Network {
  return (ops, inputs) => {
    const [picture] = inputs;
    if (picture === undefined) throw new RangeError("A teacher needs one input: the picture [3, H, W].");
    const centred = ops.addConstant(picture, MINUS_MEAN, [3]);
    return backbone.features(ops, [ops.mulConstant(centred, INVERSE_STD)]);
  };
}

/** The constants of a backbone's normalisation, under the names that {@link teacherNetwork} uses. */
export function normalizationWeights(backbone: Pick<Backbone, "mean" | "std">): Weights {
  const vector = (values: readonly number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  return new Map([
    [MINUS_MEAN, vector(backbone.mean.map((mean) => -mean))],
    [INVERSE_STD, vector(backbone.std.map((std) => 1 / std))],
  ]);
}
