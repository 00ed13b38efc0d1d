import type { DemoSummary } from "./summary.ts";

/** The last page: counts, separation, latency. */
export function summaryText(summary: DemoSummary): string {
  const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
  const ms = (value: number | null): string => (value === null ? "–" : `${value.toFixed(1)} ms`);
  const lines = [
    "",
    `${summary.parts} parts: ${summary.ok} OK, ${summary.ng} NG, ${summary.warn} WARN, ${summary.err} ERR; ${summary.missedDeadlines} missed deadlines`,
    `known good ${summary.knownGood}, known bad ${summary.knownBad}: image AUROC ${summary.imageAuroc?.toFixed(4) ?? "–"}, caught ${percent(summary.caughtShare)}, false rejects ${percent(summary.falseRejectShare)}`,
    `trigger to verdict p50 ${ms(summary.latencyMsP50)}, p99 ${ms(summary.latencyMsP99)} (model alone p50 ${ms(summary.inferMsP50)}, p99 ${ms(summary.inferMsP99)})`,
  ];
  if (summary.trainSeconds !== null) {
    lines.push(
      `trained in ${summary.trainSeconds.toFixed(0)} s; first verdict ${summary.firstVerdictSeconds?.toFixed(0) ?? "–"} s after the start`,
    );
  }
  return lines.join("\n");
}
