import { quantileOf } from "../../training/calibrate.ts";
import { FAULT_CODES } from "../register-map.ts";
import type { Ledger, Pass } from "./ledger.ts";
import { matchChanges, plannedChanges, type RestingState, type Switched } from "./output-error.ts";

/** Percentiles of a time, ms. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a run of the simulated line ends with. Times are by the PLC's clock; null: nothing to measure. */
export interface LineSummary {
  /** Came past the first camera. */
  readonly parts: number;
  /** Triggers of all cameras. */
  readonly triggered: number;
  readonly answeredOnce: number;
  readonly answeredTwice: number;
  readonly unanswered: number;
  readonly ok: number;
  readonly ng: number;
  readonly warn: number;
  readonly err: number;
  readonly errByReason: Readonly<Record<string, number>>;
  /** Parts that the ejectors let go by, and took off. */
  readonly passed: number;
  readonly rejected: number;
  /** Parts without a fate, or with a trigger that was not answered exactly once. */
  readonly unaccounted: number;
  /** Parts that went by without an OK of every camera. */
  readonly escaped: number;
  /** Parts that were taken off in spite of an OK of every camera that saw them. */
  readonly goodRejected: number;
  readonly triggerToResultMs: Spread | null;
  readonly triggerToOutputMs: Spread | null;
  /** How far from its moment the ejector changed, early or late. */
  readonly outputErrorMs: Spread | null;
  /** Changes of the ejector that a part called for and that did not come within `toleranceMs`. */
  readonly changesMissing: number;
  /** How late the PLC itself woke: the other times are no better than this. */
  readonly plcLateMs: Spread | null;
  /** Faults that the station showed, by name, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** By the station's own counters: triggers while not Ready, and results that the PLC never saw; null: it could not be asked. */
  readonly missed: number | null;
  readonly lostResults: number | null;
}

export interface SummaryOptions {
  readonly restingState: RestingState;
  /** A change further away than this belongs to another part. */
  readonly toleranceMs: number;
  /** True for a PLC that does not read every result: an unread one counts neither as unaccounted nor as an escape. */
  readonly unreadIsNormal: boolean;
  /** What the station's counters have grown by. */
  readonly counts: StationCounts | null;
}

/** Counters of the station. */
export interface StationCounts {
  readonly missed: number;
  readonly lostResults: number;
}

export function summarizeLine(ledger: Ledger, options: SummaryOptions): LineSummary {
  const { passes } = ledger;
  const parts = [...Map.groupBy(passes, ({ part }) => part).values()];
  const answers = passes.flatMap((pass) =>
    pass.answers.map(({ answer, at }) => ({ answer, ms: at - pass.triggeredAt })),
  );
  const verdicts = Map.groupBy(answers, ({ answer }) => answer.verdict);
  const count = (kind: (pass: Pass) => boolean): number => passes.filter(kind).length;
  const fates = Map.groupBy(parts, fateOf);
  const passed = fates.get("passed") ?? [];
  const rejected = fates.get("rejected") ?? [];
  const switched = Array.from({ length: ledger.cameras }, (_, camera) =>
    switchedFor(ledger, camera, options),
  ).flat();
  const done = switched.flatMap(({ planned, actual }) => (actual ? [{ planned, actual }] : []));
  return {
    parts: parts.length,
    triggered: passes.length,
    answeredOnce: count((pass) => pass.answers.length === 1),
    answeredTwice: count((pass) => pass.answers.length > 1),
    unanswered: count((pass) => pass.answers.length === 0),
    ok: verdicts.get("OK")?.length ?? 0,
    ng: verdicts.get("NG")?.length ?? 0,
    warn: verdicts.get("WARN")?.length ?? 0,
    err: verdicts.get("ERR")?.length ?? 0,
    errByReason: Object.fromEntries(
      [...Map.groupBy(verdicts.get("ERR") ?? [], ({ answer }) => answer.reason ?? "unknown")].map(
        ([reason, of]) => [reason, of.length],
      ),
    ),
    passed: passed.length,
    rejected: rejected.length,
    unaccounted: parts.filter((part) => !isAccounted(part, options.unreadIsNormal)).length,
    escaped: passed.filter((part) => !part.every((pass) => isProven(pass, options.unreadIsNormal))).length,
    goodRejected: rejected.filter((part) => part.every((pass) => isProven(pass, false))).length,
    triggerToResultMs: spreadOf(answers.map(({ ms }) => ms)),
    triggerToOutputMs: spreadOf(done.map(({ planned, actual }) => actual.at - planned.triggeredAt)),
    outputErrorMs: spreadOf(done.map(({ planned, actual }) => Math.abs(actual.at - planned.at))),
    changesMissing: switched.length - done.length,
    plcLateMs: spreadOf(ledger.lateMs),
    faults: Object.fromEntries([...ledger.faults].map(([code, times]) => [faultName(code), times])),
    missed: options.counts?.missed ?? null,
    lostResults: options.counts?.lostResults ?? null,
  };
}

function faultName(code: number): string {
  return Object.entries<number>(FAULT_CODES).find(([, known]) => known === code)?.[0] ?? `fault ${code}`;
}

function fateOf(part: readonly Pass[]): "passed" | "rejected" | "unknown" {
  if (part.some(({ ejector }) => ejector?.passed === false)) return "rejected";
  return part.every(({ ejector }) => ejector?.passed) ? "passed" : "unknown";
}

function isAccounted(part: readonly Pass[], unreadIsNormal: boolean): boolean {
  if (fateOf(part) === "unknown") return false;
  return part.every(
    ({ asked, answers }) => answers.length === 1 || (answers.length === 0 && (unreadIsNormal || !asked)),
  );
}

function isProven({ answers }: Pass, unreadIsNormal: boolean): boolean {
  return answers.length === 0 ? unreadIsNormal : answers.every(({ answer }) => answer.ok);
}

function switchedFor(
  ledger: Ledger,
  camera: number,
  { restingState, toleranceMs }: SummaryOptions,
): Switched[] {
  const targets = ledger.passes.flatMap((pass) =>
    pass.camera === camera && pass.ejector
      ? [{ ...pass.ejector, triggeredAt: pass.triggeredAt, pass: isProven(pass, false) }]
      : [],
  );
  return matchChanges(plannedChanges(targets, restingState), ledger.changes[camera]!, toleranceMs);
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return {
    p50: quantileOf(values, 0.5),
    p99: quantileOf(values, 0.99),
    max: values.reduce((most, value) => Math.max(most, value)),
  };
}
