import type { Network, Ops } from "../graph/ops.ts";
import { type Backbone, IMAGENET, levelsOf } from "./backbone.ts";
import { type BlockNames, LITE_PYTORCH, type LiteNames, TIMM } from "./efficientnet-lite-names.ts";

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

/** How a port computes the same layers: weights trained one way give wrong features the other way. */
export interface LitePort extends Pick<Backbone, "mean" | "std"> {
  readonly names: LiteNames;
  /** TensorFlow's "same" (asymmetric at stride 2), or floor(kernel/2) on every side. */
  readonly padding: "same-tf" | "symmetric";
  /** Of batch norm. */
  readonly epsilon: number;
}

/** efficientnet-lite-pytorch 0.1.0: TensorFlow's weights, padding and epsilon (`batch_norm_epsilon` of efficientnet_lite()). */
export const PYTORCH_PORT: LitePort = { ...IMAGENET, names: LITE_PYTORCH, padding: "same-tf", epsilon: 1e-3 };

const HALF = [0.5, 0.5, 0.5] as const;

/** timm's `tf_efficientnet_lite*` (models/efficientnet.py: BN_EPS_TF_DEFAULT, pad_type "same", mean and std 0.5). */
export const TIMM_TF_PORT: LitePort = {
  names: TIMM,
  padding: "same-tf",
  epsilon: 1e-3,
  mean: HALF,
  std: HALF,
};

/** timm's `efficientnet_lite*`, trained in PyTorch: its own padding and epsilon. */
export const TIMM_PORT: LitePort = { ...IMAGENET, names: TIMM, padding: "symmetric", epsilon: 1e-5 };

/** Factors of the channels and of the repeats (Lite0: 1 and 1). */
export interface LiteScale {
  readonly width: number;
  readonly depth: number;
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
const DIVISOR = 8;

/**
 * EfficientNet-Lite up to stride 16, with the weight names of the port. Levels are taken after the linear projection of the
 * last block of a stage, so their values are signed.
 */
export function efficientNetLite(name: string, { width, depth }: LiteScale, port: LitePort): Backbone {
  const stages = STAGES.map((stage, index) => ({
    ...stage,
    filters: roundFilters(stage.filters * width),
    // The first stage keeps its one block ("fix_head_stem").
    repeats: index === 0 ? stage.repeats : Math.ceil(stage.repeats * depth),
  }));
  const repeats = stages.map((stage) => stage.repeats);
  const [f1, f2, f3] = TAPS.map((tap) => stages[tap]?.filters ?? 0) as [number, number, number];
  return {
    name,
    mean: port.mean,
    std: port.std,
    features: trunk(stages, port),
    levels: (inputSize) => levelsOf([f1, f2, f3], inputSize),
    owns: (weightName) => port.names.owns(weightName, repeats),
  };
}

function trunk(stages: readonly Stage[], port: LitePort): Network {
  return (ops, inputs) => {
    const [image] = inputs;
    if (image === undefined)
      throw new RangeError("EfficientNet-Lite needs one input: the normalised picture [3, H, W].");
    const { names, epsilon } = port;
    const stem = ops.conv2d(image, names.stem, {
      filters: STEM_FILTERS,
      kernel: 3,
      stride: 2,
      ...paddingOf(port),
    });
    let x = ops.relu6(ops.batchNorm(stem, names.stemNorm, epsilon));
    let index = 0;
    const levels = [];
    for (const [at, stage] of stages.entries()) {
      for (let repeat = 0; repeat < stage.repeats; repeat++, index++) {
        const block = { ...stage, stride: repeat === 0 ? stage.stride : 1 };
        x = invertedResidual(ops, x, {
          block,
          port,
          names: names.block(at, repeat, index, stage.expand !== 1),
        });
      }
      if (TAPS.some((tap) => tap === at)) levels.push(x);
    }
    return levels;
  };
}

/** Expand 1×1, depthwise k×k, project 1×1 (linear); residual where sizes and channels stay. No squeeze-and-excite in Lite. */
function invertedResidual<T>(
  ops: Ops<T>,
  input: T,
  { block, port, names }: { readonly block: Stage; readonly port: LitePort; readonly names: BlockNames },
): T {
  const { c } = ops.shape(input);
  const { kernel, stride, filters } = block;
  const wide = c * block.expand;
  let x = input;
  if (block.expand !== 1) {
    x = ops.conv2d(x, names.expand, { filters: wide, kernel: 1 });
    x = ops.relu6(ops.batchNorm(x, names.expandNorm, port.epsilon));
  }
  const depthwise = { filters: wide, kernel, stride, depthwise: true, ...paddingOf(port) };
  x = ops.conv2d(x, names.depthwise, depthwise);
  x = ops.relu6(ops.batchNorm(x, names.depthwiseNorm, port.epsilon));
  x = ops.conv2d(x, names.project, { filters, kernel: 1 });
  x = ops.batchNorm(x, names.projectNorm, port.epsilon);
  return stride === 1 && c === filters ? ops.add(x, input) : x;
}

/** `conv2d` pads symmetrically unless told otherwise. */
function paddingOf({ padding }: LitePort): { readonly padding?: "same-tf" } {
  return padding === "same-tf" ? { padding } : {};
}

/** To the nearest multiple of 8, but never more than 10 % down (round_filters of the builder). */
function roundFilters(filters: number): number {
  const rounded = Math.max(DIVISOR, Math.floor((filters + DIVISOR / 2) / DIVISOR) * DIVISOR);
  return rounded < 0.9 * filters ? rounded + DIVISOR : rounded;
}
