import { csvLine } from "./csv.ts";
import type { ShiftFigures, ShiftReport } from "./shift-report.ts";

const HEADER = [
  ...["from", "to", "camera", "parts", "ok", "ng", "warn", "err", "yield", "late", "missed", "not_ejected"],
  ...["p50_ms", "p95_ms", "p99_ms", "max_ms", "camera_faults", "camera_fault_s", "stoppages", "stoppage_s"],
];

/** One line a camera, then one for all of them. */
export function shiftCsv(report: ShiftReport): string {
  const { from, to, total, cameras } = report;
  const times = [new Date(from).toISOString(), new Date(to).toISOString()];
  const lines = [...cameras, total].map((figures) => csvLine([...times, ...cells(figures)]));
  return csvLine(HEADER) + lines.join("");
}

function cells(figures: ShiftFigures): (string | number | null)[] {
  const {
    parts,
    verdicts,
    yield: good,
    late,
    missed,
    ejectionsFailed,
    latency,
    cameraFaults,
    stoppages,
  } = figures;
  const round = (value: number | null): number | null => (value === null ? null : Number(value.toFixed(4)));
  return [
    figures.camera ?? "all",
    ...[
      parts,
      verdicts.OK,
      verdicts.NG,
      verdicts.WARN,
      verdicts.ERR,
      round(good),
      late,
      missed,
      ejectionsFailed,
    ],
    ...[latency.p50Ms, latency.p95Ms, latency.p99Ms, latency.maxMs].map(round),
    ...[cameraFaults, stoppages].flatMap(({ count, totalMs }) => [count, Math.round(totalMs / 1000)]),
  ];
}
