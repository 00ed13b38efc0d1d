import type { Network, Ops, Shape } from "../../graph/ops.ts";
import { coarsestOf } from "../shared/coarsest.ts";

/** How the residual blocks of a teacher family look; the student mirrors its teacher. */
interface BlockPlan {
  readonly kind: "basic" | "bottleneck";
  /** Blocks of the one-class bottleneck. */
  readonly squeeze: number;
  /** Blocks of the decoder stages, coarsest first. */
  readonly stages: readonly number[];
}

const BASIC: BlockPlan = { kind: "basic", squeeze: 2, stages: [2, 2, 2] }; // RD's de_resnet18
const BOTTLENECK: BlockPlan = { kind: "bottleneck", squeeze: 3, stages: [3, 4, 6] }; // RD's de_wide_resnet50_2
/** Teachers with expansion-4 blocks have 1024 channels at stride 16; narrower ones get basic blocks. */
const BOTTLENECK_FROM_CHANNELS = 1024;

/**
 * The student of Reverse Distillation: one-class bottleneck embedding (OCBE) and a mirrored ResNet decoder that grows by
 * transposed convolutions 2×2. With levels 1, 2, 3 of wide_resnet50_2 this is the paper's network: 3×1024 → 2048×8×8 →
 * 1024×16², 512×32², 256×64². Narrow teachers (EfficientNet-Lite, ResNet-18) get the same at their own widths with basic
 * blocks, and levels that are not configured are left out. A ResNet-50 teacher gets the wide decoder too.
 *
 * Inputs: features, finest first, sizes a power of two apart, the coarsest even. Outputs: predictions, same shapes.
 * Weights: `student.*`.   Source: Deng & Li, CVPR 2022, §3.2–3.3, and its code for the layer details.
 */
export const reverseStudent: Network = (ops, inputs) =>
  reverseStudentThrough(ops, inputs, (squeezed) => squeezed);

/** The same with a text of one's own between the one-class bottleneck and the decoder; it must keep the shape. */
export function reverseStudentThrough<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  between: (squeezed: T) => T,
): readonly T[] {
  const shapes = inputs.map((input) => ops.shape(input));
  const plan = coarsestOf(shapes).c >= BOTTLENECK_FROM_CHANNELS ? BOTTLENECK : BASIC;
  return decode(ops, between(embed(ops, inputs, shapes, plan)), shapes, plan);
}

/** OCBE: every level is brought to the coarsest by strided convolutions, all are merged and squeezed to half that size. */
function embed<T>(ops: Ops<T>, inputs: readonly T[], shapes: readonly Shape[], plan: BlockPlan): T {
  const coarsest = coarsestOf(shapes);
  const merged = inputs.map((input, at) => {
    let x = input;
    for (let step = 1; ops.shape(x).h > coarsest.h; step++) {
      const name = `student.ocbe.down${at + 1}_${step}`;
      const filters = (shapes[at + step] ?? coarsest).c;
      x = ops.conv2d(x, `${name}.conv`, { filters, kernel: 3, stride: 2 });
      x = ops.relu(ops.batchNorm(x, `${name}.bn`));
    }
    return x;
  });
  let x = ops.concat(merged);
  for (let block = 0; block < plan.squeeze; block++)
    x = residual(ops, x, `student.ocbe.block${block}`, {
      plan,
      channels: 2 * coarsest.c,
      resize: block === 0 ? "down" : "none",
    });
  return x;
}

function decode<T>(ops: Ops<T>, squeezed: T, shapes: readonly Shape[], plan: BlockPlan): readonly T[] {
  let x = squeezed;
  const predictions: T[] = [];
  for (const [step, shape] of shapes.toReversed().entries()) {
    const blocks = plan.stages[step] ?? 0;
    for (let block = 0; block < blocks || ops.shape(x).h < shape.h; block++)
      x = residual(ops, x, `student.stage${step + 1}.block${block}`, {
        plan,
        channels: shape.c,
        resize: ops.shape(x).h < shape.h ? "up" : "none",
      });
    predictions.push(x);
  }
  return predictions.reverse();
}

interface ResidualOptions {
  readonly plan: BlockPlan;
  readonly channels: number;
  readonly resize: "down" | "up" | "none";
}

/** ResNet block with batch norm; a block that resizes or widens also does so on its skip. */
function residual<T>(ops: Ops<T>, x: T, name: string, options: ResidualOptions): T {
  const { plan, channels, resize } = options;
  const skipChanges = resize !== "none" || ops.shape(x).c !== channels;
  const skip = skipChanges
    ? ops.batchNorm(
        resized(ops, x, `${name}.skip`, { filters: channels, kernel: 1, resize }),
        `${name}.skip_bn`,
      )
    : x;
  const body = plan.kind === "basic" ? basic(ops, x, name, options) : bottleneck(ops, x, name, options);
  return ops.relu(ops.add(body, skip));
}

function basic<T>(ops: Ops<T>, x: T, name: string, { channels, resize }: ResidualOptions): T {
  let y = resized(ops, x, `${name}.conv1`, { filters: channels, kernel: 3, resize });
  y = ops.relu(ops.batchNorm(y, `${name}.bn1`));
  y = ops.conv2d(y, `${name}.conv2`, { filters: channels, kernel: 3 });
  return ops.batchNorm(y, `${name}.bn2`);
}

/** Expansion 4 and width_per_group 128 (wide), in the OCBE too: the inner width is half of the block's channels. */
function bottleneck<T>(ops: Ops<T>, x: T, name: string, { channels, resize }: ResidualOptions): T {
  const width = channels / 2;
  let y = ops.conv2d(x, `${name}.conv1`, { filters: width, kernel: 1 });
  y = ops.relu(ops.batchNorm(y, `${name}.bn1`));
  y = resized(ops, y, `${name}.conv2`, { filters: width, kernel: 3, resize });
  y = ops.relu(ops.batchNorm(y, `${name}.bn2`));
  y = ops.conv2d(y, `${name}.conv3`, { filters: channels, kernel: 1 });
  return ops.batchNorm(y, `${name}.bn3`);
}

interface ResizedOptions {
  readonly filters: number;
  readonly kernel: number;
  readonly resize: ResidualOptions["resize"];
}

/** The convolution that changes the size: strided down, transposed 2×2 up (RD's deconv2x2), else plain. */
function resized<T>(ops: Ops<T>, x: T, name: string, { filters, kernel, resize }: ResizedOptions): T {
  if (resize === "up") return ops.convTranspose2x(x, name, filters);
  return ops.conv2d(x, name, { filters, kernel, stride: resize === "down" ? 2 : 1 });
}
