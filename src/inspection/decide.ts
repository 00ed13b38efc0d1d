import type { Action, Verdict } from "../domain/inspection.ts";

/** Limits on the raw anomaly score. Scores above `reject` are NG; above `warn` (if any) WARN. */
export interface Thresholds {
  readonly reject: number;
  readonly warn: number | null;
}

export interface Decision {
  readonly verdict: Verdict;
  readonly action: Action;
}

/**
 * The verdict on a score: `NG` above the reject threshold, `WARN` above the warn threshold, else `OK`; a score equal to
 * a threshold is still on its good side. What is no number is never good: a pass must be proven.
 * @param onWarn what becomes of a part in the grey zone; as a rule it passes, for people to look at
 */
export function decide(score: number, thresholds: Thresholds, onWarn: Action = "pass"): Decision {
  if (!(score <= thresholds.reject)) return { verdict: "NG", action: "reject" };
  if (thresholds.warn !== null && score > thresholds.warn) return { verdict: "WARN", action: onWarn };
  return { verdict: "OK", action: "pass" };
}
