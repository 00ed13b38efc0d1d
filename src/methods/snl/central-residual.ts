import type { Ops } from "../../graph/ops.ts";

/** The residual passes through this share of the channels, so that what is unlike every centre cannot pass whole. */
const RESIDUAL_SHARE = 1 / 8;

/**
 * Central residual aggregation (CRAM): every location of the bottleneck is told as a mix of K learned centres plus a
 * squeezed residual, x̂ = m + φ(x − m) with m = Σ_k a_k·c_k and a = softmax_k((2·c_k·x + b_k) / √C).
 *
 * A reconstruction: the paper's text is not public, its abstract names the module only (arXiv 2402.17091). The code is
 * Deep-TEN's residual coding (CVPR 2017): −‖x − c_k‖² up to a term that all k share, with b_k in the place of −‖c_k‖² and
 * learned by itself as NetVLAD (CVPR 2016, §3.1) does. We take φ once, of the residual to the mix, not once for each
 * centre: the same where one centre has all the share, and 1/K of the work.
 *
 * @param x C × h × w   @param centers K   @returns C × h × w. Weights: `student.cram.*`
 */
export function centralResidual<T>(ops: Ops<T>, x: T, centers: number): T {
  const name = "student.cram";
  const { c } = ops.shape(x);
  const likeness = ops.conv2d(x, `${name}.centers`, { filters: centers, kernel: 1, bias: true });
  const shares = ops.softmaxChannels(ops.affine(likeness, 1 / Math.sqrt(c), 0));
  const mix = ops.convTranspose1x1(shares, `${name}.centers`, c);
  const filters = Math.max(8, Math.round(c * RESIDUAL_SHARE));
  const residual = ops.sub(x, mix);
  const squeezed = ops.conv2d(residual, `${name}.squeeze`, { filters, kernel: 1, bias: true });
  const kept = ops.conv2d(ops.relu(squeezed), `${name}.grow`, { filters: c, kernel: 1, bias: true });
  return ops.add(mix, kept);
}
