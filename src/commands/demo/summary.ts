import type { Inspection, Verdict } from "../../domain/inspection.ts";
import { imageAuroc } from "../../evaluation/auroc.ts";
import { quantileOf } from "../../training/calibrate.ts";

/** What a finished demo says of itself; keys carry their units (`--json`). */
export interface DemoSummary {
  readonly parts: number;
  readonly ok: number;
  readonly ng: number;
  readonly warn: number;
  readonly err: number;
  readonly missedDeadlines: number;
  /** Separation of the known-good and known-bad by score, 0.5 to 1; null if one kind is missing. */
  readonly imageAuroc: number | null;
  readonly knownGood: number;
  readonly knownBad: number;
  /** Share of the known-bad that were rejected, and of the known-good that were. */
  readonly caughtShare: number | null;
  readonly falseRejectShare: number | null;
  readonly latencyMsP50: number | null;
  readonly latencyMsP99: number | null;
  readonly inferMsP50: number | null;
  readonly inferMsP99: number | null;
  readonly threshold: number | null;
  readonly trainSeconds: number | null;
  readonly firstVerdictSeconds: number | null;
  readonly bundleId: string | null;
}

export function summarize(
  inspections: readonly Inspection[],
  context: Pick<DemoSummary, "trainSeconds" | "firstVerdictSeconds">,
): DemoSummary {
  const judged = inspections.filter((part) => part.score !== null);
  const good = judged.filter((part) => part.truth?.label === "good");
  const bad = judged.filter((part) => part.truth?.label === "bad");
  const count = (verdict: Verdict): number => inspections.filter((part) => part.verdict === verdict).length;
  const totals = judged.map((part) => part.times.totalMs);
  const infers = judged.map((part) => part.times.inferMs ?? NaN);
  return {
    parts: inspections.length,
    ok: count("OK"),
    ng: count("NG"),
    warn: count("WARN"),
    err: count("ERR"),
    missedDeadlines: inspections.filter((part) => part.reason === "late" || part.reason === "no_frame")
      .length,
    imageAuroc:
      good.length && bad.length
        ? imageAuroc([...good, ...bad].map(scoreOf), [...good, ...bad].map(isBad))
        : null,
    knownGood: good.length,
    knownBad: bad.length,
    caughtShare: rejectedShare(bad),
    falseRejectShare: rejectedShare(good),
    latencyMsP50: percentile(totals, 0.5),
    latencyMsP99: percentile(totals, 0.99),
    inferMsP50: percentile(infers, 0.5),
    inferMsP99: percentile(infers, 0.99),
    threshold: judged.at(-1)?.threshold ?? null,
    bundleId: judged.at(-1)?.bundleId ?? null,
    ...context,
  };
}

function scoreOf(part: Inspection): number {
  return part.score ?? NaN;
}

function isBad(part: Inspection): boolean {
  return part.truth?.label === "bad";
}

function rejectedShare(parts: readonly Inspection[]): number | null {
  return parts.length ? parts.filter((part) => part.action === "reject").length / parts.length : null;
}

function percentile(values: readonly number[], share: number): number | null {
  return values.length ? quantileOf(values, share) : null;
}
