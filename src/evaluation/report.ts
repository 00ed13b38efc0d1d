import type { EvaluationReport } from "./evaluate.ts";

/** An evaluation in words for a terminal, several lines without a final newline. */
export function evaluationText(report: EvaluationReport): string {
  return [
    `${report.good} good and ${report.bad} bad pictures in ${report.evaluateSeconds.toFixed(1)} s`,
    `image: AUROC ${metric(report.imageAuroc)}, AP ${metric(report.imageAp)}, F1-max ${metric(report.imageF1Max)}`,
    ...pixelLines(report),
    ...defectLines(report),
    `at the threshold ${report.threshold.toPrecision(4)}: ${percent(report.falseRejectRate)} of the good rejected, ` +
      `${percent(report.escapeRate)} of the bad passed`,
    `model: p50 ${milliseconds(report.latencyMsP50)}, p99 ${milliseconds(report.latencyMsP99)} a picture ` +
      `(reading and scaling the file ${milliseconds(report.decodeMsP50)})`,
  ].join("\n");
}

function pixelLines(report: EvaluationReport): string[] {
  const missing = [
    ...(report.withoutMask > 0
      ? [`${report.withoutMask} bad pictures without a mask: not in the pixel metrics`]
      : []),
    ...(report.emptyMask > 0
      ? [`${report.emptyMask} bad pictures with a mask that marks nothing: all their pixels count as sound`]
      : []),
  ];
  if (report.pixelAuroc === null) return ["pixel: no masks, so no pixel metrics"];
  const error =
    report.pixelAurocError !== null && report.pixelAurocError > 0
      ? ` (±${report.pixelAurocError.toExponential(1)})`
      : "";
  return [
    `pixel: AUROC ${metric(report.pixelAuroc)}${error}, AP ${metric(report.pixelAp)}, F1-max ${metric(report.pixelF1Max)}, ` +
      `AUPRO ${metric(report.aupro)} (to 5 %: ${metric(report.aupro005)})`,
    ...missing,
  ];
}

function defectLines({ perDefect }: EvaluationReport): string[] {
  const kinds = Object.entries(perDefect);
  const width = Math.max(...kinds.map(([kind]) => kind.length));
  return kinds.map(
    ([kind, { pictures, imageAuroc, caughtShare }]) =>
      `  ${kind.padEnd(width)}  ${String(pictures).padStart(4)} pictures  AUROC ${metric(imageAuroc)}  caught ${percent(caughtShare)}`,
  );
}

function metric(value: number | null): string {
  return value === null ? "–" : value.toFixed(4);
}

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(1)} ms`;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}
