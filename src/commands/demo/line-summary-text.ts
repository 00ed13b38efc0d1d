import type { LineRun } from "../../plc/simulator/line-table.ts";
import type { Spread } from "../../plc/simulator/line-summary.ts";
import type { LineDemoSummary } from "./line.ts";
import type { DemoSummary } from "./summary.ts";

/** The last page of the line demo, one paragraph for each who asks: operator, controls engineer, quality. */
export function lineSummaryText({ line, pictures }: LineDemoSummary): string {
  const run = line?.runs.at(-1);
  if (!run) return "\nNo part came.";
  return ["", ...operator(run), ...controls(run), ...quality(pictures)].join("\n");
}

function operator(run: LineRun): string[] {
  const sound = run.unaccounted === 0 && run.escaped === 0;
  const words = sound ? "Every part is accounted for, none escaped." : "DO NOT SHIP: see the counts above.";
  return [
    `Line:     ${run.parts} parts, ${run.passed} passed, ${run.rejected} rejected (${run.goodRejected} of them good). ${words}`,
  ];
}

function controls(run: LineRun): string[] {
  return [
    `PLC:      ${run.answeredOnce} of ${run.triggered} triggers answered exactly once, ${run.missed ?? "?"} came while not Ready; trigger → result ${ms(run.triggerToResultMs)}`,
    `Ejector:  moved ${ms(run.outputErrorMs)} from its moment (p50 / p99 / max)`,
  ];
}

function quality(pictures: DemoSummary): string[] {
  const { knownBad, knownGood, caughtShare, falseRejectShare, imageAuroc, trainSeconds } = pictures;
  if (knownBad + knownGood === 0) return [];
  const taught = trainSeconds === null ? "" : `; trained in ${trainSeconds.toFixed(0)} s`;
  return [
    `Quality:  of ${knownBad} pictures of bad parts ${percent(caughtShare)} rejected, of ${knownGood} good ones ${percent(falseRejectShare)}; image AUROC ${imageAuroc?.toFixed(4) ?? "–"}${taught}`,
  ];
}

function ms(of: Spread | null): string {
  return of === null ? "–" : `${of.p50.toFixed(1)} / ${of.p99.toFixed(1)} / ${of.max.toFixed(1)} ms`;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}
