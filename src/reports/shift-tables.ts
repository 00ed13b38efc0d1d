import type { Table } from "../evaluation/table.ts";
import type { Outages, ShiftFigures, ShiftReport } from "./shift-report.ts";

/** The report as tables of words: one row a camera, and one for all. */
export function shiftTables(report: ShiftReport): Table[] {
  const rows = report.cameras.length === 1 ? report.cameras : [...report.cameras, report.total];
  const named = (cells: (figures: ShiftFigures) => readonly string[]): string[][] =>
    rows.map((figures) => [figures.camera ?? "all", ...cells(figures)]);
  return [
    {
      title: "Parts",
      header: ["camera", "parts", "OK", "NG", "WARN", "ERR", "yield", "late", "missed", "not ejected"],
      rows: named(
        ({ parts, verdicts: { OK, NG, WARN, ERR }, yield: good, late, missed, ejectionsFailed }) => [
          ...[parts, OK, NG, WARN, ERR].map(String),
          good === null ? "–" : `${(good * 100).toFixed(2)} %`,
          ...[late, missed, ejectionsFailed].map(String),
        ],
      ),
    },
    {
      title: "Trigger to verdict, ms",
      header: ["camera", "p50", "p95", "p99", "max"],
      rows: named(({ latency: { p50Ms, p95Ms, p99Ms, maxMs } }) =>
        [p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms?.toFixed(1) ?? "–"),
      ),
    },
    {
      title: "Faults and stoppages",
      header: ["camera", "camera faults", "of", "stoppages", "of", "ERR by reason"],
      rows: named(({ cameraFaults, stoppages, errors }) => [
        countWords(cameraFaults),
        durationWords(cameraFaults.totalMs),
        countWords(stoppages),
        durationWords(stoppages.totalMs),
        listWords(errors),
      ]),
    },
    {
      title: "Recipes and models",
      header: ["camera", "recipes", "models"],
      rows: named(({ recipes, models }) => [listWords(recipes), listWords(models)]),
    },
    ...changesTable(report),
  ].filter(({ rows: { length } }) => length > 0);
}

function changesTable({ changes }: ShiftReport): Table[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ at, camera, kind, by }) => [
    new Date(at).toISOString(),
    kind,
    camera ?? "",
    by ?? "",
  ]);
  return [{ title: "Changes", header: ["when", "what", "camera", "by"], rows }];
}

function countWords({ count, codes }: Outages): string {
  return count === 0 ? "0" : `${count} (${listWords(codes)})`;
}

function listWords(counts: Readonly<Record<string, number | undefined>>): string {
  const entries = Object.entries(counts).toSorted(([, a = 0], [, b = 0]) => b - a);
  return entries.length === 0 ? "–" : entries.map(([name, count]) => `${name} ${count}`).join(", ");
}

/** E.g. `1:02:03`. */
function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value % 60).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60))}:${two(seconds)}`;
}
