import type { Network, Ops } from "../graph/ops.ts";

/** One student of the published RD code (resnet.py, de_resnet.py), which mirrors its teacher. */
export interface StudentPlan {
  readonly block: "basic" | "bottleneck";
  /** Channels of the finest level before the expansion (64; 4 × as many come out of a bottleneck). */
  readonly planes: number;
  /** Channels of a bottleneck's 3×3 convolution per plane: 2 in the wide networks. */
  readonly widening: number;
  /** Blocks of the one-class bottleneck (`bn_layer`). */
  readonly squeeze: number;
  /** Blocks of the decoder's layer1 to layer3, coarsest first. */
  readonly stages: readonly [number, number, number];
}

/** Of these prefixes are the state dicts that the published code saves as `bn` and `decoder`. */
export const STUDENT_PREFIXES = ["bn.", "decoder."] as const;

/**
 * The student of Reverse Distillation with the layers and weight names of its published code: one-class bottleneck embedding
 * (OCBE) and decoder. AAND's student is the same.
 * Inputs: teacher features f1, f2, f3 (sizes 4:2:1, f3 even). Outputs: predictions, same shapes and order.
 * Weights: `bn.*`, `decoder.*`.   Source: Deng & Li, CVPR 2022, §3.2–3.3; models/resnet.py and de_resnet.py of RD4AD.
 */
export function rdStudent(plan: StudentPlan): Network {
  return (ops, inputs) => decode(ops, embed(ops, inputs, plan), plan);
}

/** Fine levels are brought to the coarsest by strided convolutions, all three are merged and squeezed to half that size. */
function embed<T>(ops: Ops<T>, inputs: readonly T[], plan: StudentPlan): T {
  const [f1, f2, f3] = inputs;
  if (f1 === undefined || f2 === undefined || f3 === undefined)
    throw new RangeError(`RD's student needs the features of three levels, not of ${inputs.length}.`);
  const coarsest = ops.shape(f3).c;
  const down = (x: T, layer: number, filters: number) =>
    ops.relu(
      ops.batchNorm(ops.conv2d(x, `bn.conv${layer}`, { filters, kernel: 3, stride: 2 }), `bn.bn${layer}`),
    );
  const first = down(down(f1, 1, ops.shape(f2).c), 2, coarsest);
  let x = ops.concat([first, down(f2, 3, coarsest), f3]);
  for (let block = 0; block < plan.squeeze; block++)
    x = residual(ops, x, `bn.bn_layer.${block}`, {
      plan,
      planes: 8 * plan.planes,
      resize: block === 0 ? "down" : "none",
    });
  return x;
}

function decode<T>(ops: Ops<T>, squeezed: T, plan: StudentPlan): readonly T[] {
  let x = squeezed;
  const predictions = plan.stages.map((blocks, stage) => {
    for (let block = 0; block < blocks; block++)
      x = residual(ops, x, `decoder.layer${stage + 1}.${block}`, {
        plan,
        planes: (4 * plan.planes) / 2 ** stage,
        resize: block === 0 ? "up" : "none",
      });
    return x;
  });
  return predictions.reverse();
}

interface ResidualOptions {
  readonly plan: StudentPlan;
  /** Of torchvision's blocks: channels before the expansion. */
  readonly planes: number;
  readonly resize: "down" | "up" | "none";
}

const EXPANSION = { basic: 1, bottleneck: 4 } as const;

/** A block resizes on its skip too (`downsample`, `upsample`); no other block changes its channels. */
function residual<T>(ops: Ops<T>, x: T, name: string, options: ResidualOptions): T {
  const body =
    options.plan.block === "basic" ? basic(ops, x, name, options) : bottleneck(ops, x, name, options);
  return ops.relu(ops.add(body, options.resize === "none" ? x : skip(ops, x, name, options)));
}

function skip<T>(ops: Ops<T>, x: T, name: string, { plan, planes, resize }: ResidualOptions): T {
  const skipName = `${name}.${resize === "up" ? "upsample" : "downsample"}`;
  const filters = planes * EXPANSION[plan.block];
  return ops.batchNorm(resized(ops, x, `${skipName}.0`, { filters, kernel: 1, resize }), `${skipName}.1`);
}

function basic<T>(ops: Ops<T>, x: T, name: string, { planes, resize }: ResidualOptions): T {
  let y = resized(ops, x, `${name}.conv1`, { filters: planes, kernel: 3, resize });
  y = ops.relu(ops.batchNorm(y, `${name}.bn1`));
  y = ops.conv2d(y, `${name}.conv2`, { filters: planes, kernel: 3 });
  return ops.batchNorm(y, `${name}.bn2`);
}

function bottleneck<T>(ops: Ops<T>, x: T, name: string, { plan, planes, resize }: ResidualOptions): T {
  const width = planes * plan.widening;
  let y = ops.conv2d(x, `${name}.conv1`, { filters: width, kernel: 1 });
  y = ops.relu(ops.batchNorm(y, `${name}.bn1`));
  y = resized(ops, y, `${name}.conv2`, { filters: width, kernel: 3, resize });
  y = ops.relu(ops.batchNorm(y, `${name}.bn2`));
  y = ops.conv2d(y, `${name}.conv3`, { filters: planes * EXPANSION.bottleneck, kernel: 1 });
  return ops.batchNorm(y, `${name}.bn3`);
}

interface ResizedOptions {
  readonly filters: number;
  readonly kernel: number;
  readonly resize: ResidualOptions["resize"];
}

/** The convolution that changes the size: strided down, transposed 2×2 up (`deconv2x2`), else plain. */
function resized<T>(ops: Ops<T>, x: T, name: string, { filters, kernel, resize }: ResizedOptions): T {
  if (resize === "up") return ops.convTranspose2x(x, name, filters);
  return ops.conv2d(x, name, { filters, kernel, stride: resize === "down" ? 2 : 1 });
}
