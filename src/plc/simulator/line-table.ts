import type { LineSummary, Spread } from "./line-summary.ts";

/** A run of the line at one rate. */
export interface LineRun extends LineSummary {
  readonly partsPerSecond: number;
  readonly manners: "polite" | "rude";
}

const MEASURES: readonly (readonly [string, (run: LineRun) => string])[] = [
  ["parts", (run) => String(run.parts)],
  ["triggers, all cameras", (run) => String(run.triggered)],
  ["  answered exactly once", (run) => String(run.answeredOnce)],
  ["  answered twice / never", (run) => `${run.answeredTwice} / ${run.unanswered}`],
  ["  overwritten, never shown", (run) => String(run.lostResults ?? "–")],
  ["  came while not Ready", (run) => String(run.missed ?? "–")],
  ["  OK / NG / WARN / ERR", (run) => `${run.ok} / ${run.ng} / ${run.warn} / ${run.err}`],
  ["  ERR by reason", (run) => listed(run.errByReason)],
  ["  faults shown", (run) => listed(run.faults)],
  ["parts passed / rejected", (run) => `${run.passed} / ${run.rejected}`],
  ["  OK, yet rejected", (run) => String(run.goodRejected)],
  ["  unaccounted (must be 0)", (run) => String(run.unaccounted)],
  ["  escaped (must be 0)", (run) => String(run.escaped)],
  ["trigger → result, ms", (run) => spread(run.triggerToResultMs)],
  ["trigger → output, ms", (run) => spread(run.triggerToOutputMs)],
  ["output error, ms", (run) => spread(run.outputErrorMs)],
  ["  changes missing or too far off", (run) => String(run.changesMissing)],
  ["the PLC's own lateness, ms", (run) => spread(run.plcLateMs)],
];

/** Runs side by side, one measure a row; times as p50 / p99 / max. */
export function lineTable(runs: readonly LineRun[]): {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  return {
    title: "times: p50 / p99 / max by the PLC's clock",
    header: ["", ...runs.map(titleOf)],
    rows: MEASURES.map(([name, value]) => [name, ...runs.map(value)]),
  };
}

function titleOf({ partsPerSecond, manners }: LineRun): string {
  return `${partsPerSecond} parts/s${manners === "rude" ? ", rude PLC" : ""}`;
}

function spread(of: Spread | null): string {
  return of === null ? "–" : `${of.p50.toFixed(1)} / ${of.p99.toFixed(1)} / ${of.max.toFixed(1)}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return words.length === 0 ? "–" : words.join(", ");
}
