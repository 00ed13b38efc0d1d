import type { Network, Ops } from "../graph/ops.ts";
import { type Backbone, IMAGENET, levelsOf } from "./backbone.ts";

/** What distinguishes the members of the family (torchvision/models/resnet.py). */
export interface ResNetOptions {
  /** Two 3×3 convolutions, or 1×1 – 3×3 – 1×1 with four times the channels. */
  readonly block: "basic" | "bottleneck";
  /** Blocks of layer1, layer2 and layer3. */
  readonly blocks: readonly [number, number, number];
  /** Channels of the 3×3 convolution in layer1; doubled each layer. 64, or 128 for the wide ones. */
  readonly width: number;
}

const STEM_FILTERS = 64;
const OUTPUT_FILTERS = 64; // `planes` of layer1; not widened in Wide ResNet
const BOTTLENECK_EXPANSION = 4;

/** ResNet up to layer3 with torchvision's weight names; levels are the outputs of layer1, layer2 and layer3 (after ReLU). */
export function resNet(name: string, options: ResNetOptions): Backbone {
  const base = OUTPUT_FILTERS * (options.block === "basic" ? 1 : BOTTLENECK_EXPANSION);
  return {
    name,
    ...IMAGENET,
    features: trunk(options, base),
    levels: (inputSize) => levelsOf([base, base * 2, base * 4], inputSize),
    owns: (weightName) => /^(conv1|bn1|layer[123])\./.test(weightName),
  };
}

function trunk(options: ResNetOptions, base: number): Network {
  return (ops, inputs) => {
    const [image] = inputs;
    if (image === undefined)
      throw new RangeError("A ResNet needs one input: the normalised picture [3, H, W].");
    let x = ops.conv2d(image, "conv1", { filters: STEM_FILTERS, kernel: 7, stride: 2 });
    x = ops.maxPool3x3s2(ops.relu(ops.batchNorm(x, "bn1")));
    return options.blocks.map((count, index) => {
      for (let block = 0; block < count; block++) {
        const name = `layer${index + 1}.${block}`;
        const size = {
          filters: base * 2 ** index,
          width: options.width * 2 ** index,
          stride: index > 0 && block === 0 ? 2 : 1,
        };
        x = residualBlock(ops, x, name, { ...size, kind: options.block });
      }
      return x;
    });
  };
}

interface BlockSize {
  readonly kind: ResNetOptions["block"];
  readonly filters: number;
  readonly width: number;
  readonly stride: number;
}

function residualBlock<T>(ops: Ops<T>, input: T, name: string, size: BlockSize): T {
  const body =
    size.kind === "basic" ? basicBody(ops, input, name, size) : bottleneckBody(ops, input, name, size);
  const keeps = size.stride === 1 && ops.shape(input).c === size.filters;
  return ops.relu(ops.add(body, keeps ? input : projection(ops, input, name, size)));
}

function basicBody<T>(ops: Ops<T>, input: T, name: string, { filters, stride }: BlockSize): T {
  let x = ops.conv2d(input, `${name}.conv1`, { filters, kernel: 3, stride });
  x = ops.relu(ops.batchNorm(x, `${name}.bn1`));
  x = ops.conv2d(x, `${name}.conv2`, { filters, kernel: 3 });
  return ops.batchNorm(x, `${name}.bn2`);
}

/** The stride is on the 3×3 convolution (ResNet V1.5), as in torchvision. */
function bottleneckBody<T>(ops: Ops<T>, input: T, name: string, { filters, width, stride }: BlockSize): T {
  let x = ops.conv2d(input, `${name}.conv1`, { filters: width, kernel: 1 });
  x = ops.relu(ops.batchNorm(x, `${name}.bn1`));
  x = ops.conv2d(x, `${name}.conv2`, { filters: width, kernel: 3, stride });
  x = ops.relu(ops.batchNorm(x, `${name}.bn2`));
  x = ops.conv2d(x, `${name}.conv3`, { filters, kernel: 1 });
  return ops.batchNorm(x, `${name}.bn3`);
}

function projection<T>(ops: Ops<T>, input: T, name: string, { filters, stride }: BlockSize): T {
  const x = ops.conv2d(input, `${name}.downsample.0`, { filters, kernel: 1, stride });
  return ops.batchNorm(x, `${name}.downsample.1`);
}
