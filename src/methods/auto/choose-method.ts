import { compareAurocs, type Scores } from "./delong.ts";

/**
 * What is known of one model before it has seen a real defect: its scores of pictures that it did not learn from, reckoned
 * from its own threshold (above 0 a part is rejected).
 */
export interface Evidence extends Scores {
  /** Of the method. */
  readonly name: string;
}

export interface Choice {
  readonly chosen: "learned" | "instant";
  /** Which and why, with both numbers. */
  readonly words: string;
}

/**
 * The learned model is deployed where it beats the instant one on held-out normals against synthetic anomalies: by more than
 * the standard error of the difference, or, where that says nothing, by the anomalies that it finds at its own threshold.
 * Synthetic anomalies are of the kind that a learned gate was trained on, so that a draw is the instant model's.
 * @throws RangeError as `compareAurocs`
 */
export function chooseMethod({
  learned,
  instant,
}: {
  readonly learned: Evidence;
  readonly instant: Evidence;
}): Choice {
  const { first, second, standardError } = compareAurocs(learned, instant);
  const [found, foundInstantly] = [foundShare(learned), foundShare(instant)];
  const margin = first - second;
  const isDraw = Math.abs(margin) <= standardError;
  const chosen = (isDraw ? found > foundInstantly : margin > 0) ? "learned" : "instant";
  const of = (evidence: Evidence, auroc: number, share: number): string =>
    `${evidence.name} AUROC ${auroc.toFixed(3)}, ${Math.round(100 * share)} % found at its threshold`;
  return {
    chosen,
    words:
      `${(chosen === "learned" ? learned : instant).name} is deployed: on ${learned.normals.length} held-out good parts and ` +
      `${learned.anomalies.length} synthetic anomalies ${of(learned, first, found)}; ${of(instant, second, foundInstantly)}; ` +
      `difference ${margin.toFixed(3)} ± ${standardError.toFixed(3)}`,
  };
}

function foundShare({ anomalies }: Evidence): number {
  return anomalies.filter((score) => score > 0).length / anomalies.length;
}
