import type { Action, Verdict } from "../domain/inspection.ts";

/** Limits on the raw anomaly score. Scores above `reject` are NG; above `warn` (if any) WARN. */
export interface Thresholds {
  readonly reject: number;
  readonly warn: number | null;
}

/**
 * The verdict on a score: `NG` above the reject threshold, `WARN` above the warn threshold, else `OK`; a score equal to
 * a threshold is still on its good side. A warned part passes: the grey zone is for people to look at. What is no number
 * is never good: a pass must be proven.
 */
export function decide(score: number, thresholds: Thresholds): { verdict: Verdict; action: Action } {
  if (!(score <= thresholds.reject)) return { verdict: "NG", action: "reject" };
  if (thresholds.warn !== null && score > thresholds.warn) return { verdict: "WARN", action: "pass" };
  return { verdict: "OK", action: "pass" };
}
