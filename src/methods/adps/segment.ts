import type { Ops } from "../../graph/ops.ts";

/** Width of the first step as a share of the coarsest level's channels: 256, 128, 64 on wide_resnet50_2, 32, 16, 8 on Lite0. */
const WIDTH_SHARE = 1 / 4;
const MIN_WIDTH = 8;

const multipleOf8 = (channels: number): number => Math.max(MIN_WIDTH, Math.round(channels / 8) * 8);

/**
 * Post-segmentation module (PSM) of ADPS (arXiv 2210.10495): a U-Net decoder. From the coarsest masked feature, each step
 * doubles the size by a transposed convolution, joins the next finer one, and applies two 3×3 convolutions; widths halve.
 * The paper decodes to the picture's size; here the last convolution is at half of it, where a quarter of the work is
 * done and no finer feature is left to join. Its two-channel softmax is written as one logit, of which it is the sigmoid.
 * Weights: `segment.*`.
 * @param masked one feature a level, finest first   @param height of the logits   @returns 1 × height × width
 */
export function segment<T>(ops: Ops<T>, masked: readonly T[], height: number): T {
  const coarsestFirst = masked.toReversed();
  const [coarsest] = coarsestFirst;
  if (coarsest === undefined) throw new RangeError("The segmentation needs at least one level; got none.");
  let x: T = coarsest;
  let width = multipleOf8(ops.shape(coarsest).c * WIDTH_SHARE);
  for (let step = 1; ops.shape(x).h < height; step++) {
    const name = `segment.up${step}`;
    const up = ops.convTranspose2x(x, `${name}.conv`, width);
    const joined = coarsestFirst.filter((feature) => ops.shape(feature).h === ops.shape(up).h);
    x = refine(ops, ops.concat([up, ...joined]), `${name}.0`, width);
    x = refine(ops, x, `${name}.1`, width);
    width = multipleOf8(width / 2);
  }
  return ops.conv2d(x, "segment.logit", { filters: 1, kernel: 3, bias: true });
}

function refine<T>(ops: Ops<T>, x: T, name: string, filters: number): T {
  const filtered = ops.conv2d(x, `${name}.conv`, { filters, kernel: 3 });
  return ops.relu(ops.batchNorm(filtered, `${name}.bn`));
}
