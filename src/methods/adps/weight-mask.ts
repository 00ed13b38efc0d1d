import type { Ops } from "../../graph/ops.ts";

/** What the weight mask block gives for one level. */
export interface WeightMask<T> {
  /** Agreement of teacher and student at each location, −1..1, one channel. */
  readonly cosine: T;
  /** The teacher's feature where the student disagrees: (1 − cosine) · teacher, channels as the teacher's. */
  readonly masked: T;
}

/**
 * Weight mask block (WMB) of ADPS (arXiv 2210.10495): C = (1 − cos(T, S)) · T.
 * @param teacher C × h × w   @param student same shape
 */
export function weightMask<T>(ops: Ops<T>, teacher: T, student: T): WeightMask<T> {
  const cosine = ops.sumChannels(ops.mul(ops.normalizeChannels(teacher), ops.normalizeChannels(student)));
  return { cosine, masked: ops.mul(ops.affine(cosine, -1, 1), teacher) };
}
