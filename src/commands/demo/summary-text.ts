import type { DemoSummary } from "./summary.ts";

/** The last page: counts, separation, latency. */
export function summaryText(summary: DemoSummary): string {
  const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
  const ms = (value: number | null): string => (value === null ? "–" : `${value.toFixed(1)} ms`);
  if (summary.parts === 0) return "\nNo part was judged.";
  const missed = `${summary.missedDeadlines} missed deadline${summary.missedDeadlines === 1 ? "" : "s"}`;
  const lines = [
    "",
    `${summary.parts} parts: ${summary.ok} OK, ${summary.ng} NG, ${summary.warn} WARN, ${summary.err} ERR; ${missed}`,
  ];
  if (summary.knownGood + summary.knownBad > 0) {
    lines.push(
      `of ${summary.knownBad} bad parts ${percent(summary.caughtShare)} rejected, of ${summary.knownGood} good parts ${percent(summary.falseRejectShare)}; image AUROC ${summary.imageAuroc?.toFixed(4) ?? "–"}`,
    );
  }
  lines.push(
    `trigger to verdict: p50 ${ms(summary.latencyMsP50)}, p99 ${ms(summary.latencyMsP99)} (model alone: ${ms(summary.inferMsP50)}, ${ms(summary.inferMsP99)})`,
  );
  if (summary.trainSeconds !== null) {
    lines.push(
      `trained in ${summary.trainSeconds.toFixed(0)} s; first verdict ${summary.firstVerdictSeconds?.toFixed(0) ?? "–"} s after the start`,
    );
  }
  return lines.join("\n");
}
