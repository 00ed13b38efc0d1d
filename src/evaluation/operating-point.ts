/** One picture's calibrated score with its truth. */
export interface PictureScore {
  readonly file: string;
  readonly isBad: boolean;
  /** `good` or the kind of defect. */
  readonly kind: string;
  readonly score: number;
}

/** What a threshold does to a set of pictures; a score above it is rejected. */
export interface OperatingPoint {
  readonly threshold: number;
  /** 2PR / (P + R) of rejecting, 0..1. */
  readonly f1: number;
  readonly falseRejectRate: number;
  readonly escapeRate: number;
}

/**
 * The threshold with the highest F1 on these very pictures: it has seen the answers, so it is no threshold to deploy and no
 * figure to compare. Of equal ones the highest.
 * @returns null unless there are good and bad pictures
 */
export function oraclePoint(pictures: readonly PictureScore[]): OperatingPoint | null {
  const bad = pictures.filter(({ isBad }) => isBad).length;
  const good = pictures.length - bad;
  if (bad === 0 || good === 0) return null;
  const distinct = [...new Set(pictures.map(({ score }) => score))].sort((a, b) => b - a);
  let best: OperatingPoint | null = null;
  for (const [at, score] of distinct.entries()) {
    const rejected = pictures.filter((picture) => picture.score >= score);
    const caught = rejected.filter(({ isBad }) => isBad).length;
    const f1 = (2 * caught) / (bad + rejected.length);
    if (best !== null && f1 <= best.f1) continue;
    best = {
      threshold: distinct[at + 1] ?? score - 1,
      f1,
      falseRejectRate: (rejected.length - caught) / good,
      escapeRate: 1 - caught / bad,
    };
  }
  return best;
}
