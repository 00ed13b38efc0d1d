import { Command } from "commander";
import type { Shift } from "../../config/history-schema.ts";
import { InputError } from "../../domain/errors.ts";
import { textTable } from "../../evaluation/table.ts";
import { shiftCsv } from "../../reports/shift-csv.ts";
import { shiftPage } from "../../reports/shift-page.ts";
import { LOOK_BACK_MS, shiftReport, type ShiftReport } from "../../reports/shift-report.ts";
import { shiftTables } from "../../reports/shift-tables.ts";
import { currentShift, shiftRange } from "../../reports/shift-time.ts";
import type { TimeRange } from "../../store/history-reader.ts";
import {
  timesOf,
  withHistory,
  withHistoryFlags,
  withTimeFlags,
  type HistoryFlags,
  type TimeFlags,
} from "./station-history.ts";

interface Flags extends HistoryFlags, TimeFlags {
  readonly shift?: string;
  readonly json?: true;
  readonly csv?: true;
  readonly html?: true;
}

/** `assayd report shift`: yield, rejects, errors, latency, faults and changes, of each camera and in all. */
export function shiftReportCommand(): Command {
  const command = new Command("shift").description(
    "Yield, NG, ERR by reason, latency, camera faults, stoppages and changes of a shift (default: the one now)",
  );
  return withTimeFlags(withHistoryFlags(command))
    .option("--shift <name>", "the newest early, late or night shift (reports.shifts of the configuration)")
    .option("--json", "one JSON object")
    .option("--csv", "one line a camera")
    .option("--html", "one page, on stdout")
    .action(async (flags: Flags) => {
      await withHistory(flags, (history, config) => {
        const now = Date.now();
        const range = rangeOf(flags, config.reports.shifts, now);
        const events = history.events({ ...range, from: range.from - LOOK_BACK_MS });
        const report = shiftReport(range, history.parts(range, null), events, now);
        process.stdout.write(written(report, flags, config.station.name));
      });
    });
}

function written(report: ShiftReport, { json, csv, html }: Flags, station: string): string {
  if (json === true) return `${JSON.stringify({ station, ...report })}\n`;
  if (csv === true) return shiftCsv(report);
  if (html === true) return shiftPage(report, station);
  const [from, to] = [report.from, report.to].map((at) => new Date(at).toLocaleString("sv"));
  const tables = shiftTables(report).map(textTable);
  return `${[`${station}: ${from} to ${to}`, ...tables].join("\n\n")}\n`;
}

function rangeOf(flags: Flags, shifts: readonly Shift[], now: number): TimeRange {
  const times = timesOf(flags, now);
  if (times !== null && flags.shift !== undefined)
    throw new InputError("bad-time", "--shift goes without --from, --to and --last");
  if (times !== null) return times;
  const shift = flags.shift === undefined ? currentShift(shifts, now) : named(shifts, flags.shift);
  if (shift === null)
    throw new InputError("bad-time", "It is no shift's time now. Say --shift, --last or --from.");
  return shiftRange(shift, now);
}

function named(shifts: readonly Shift[], name: string): Shift {
  const found = shifts.find((shift) => shift.name === name);
  if (found !== undefined) return found;
  const names = shifts.map((shift) => shift.name).join(", ");
  throw new InputError(
    "no-such-shift",
    `There is no shift "${name}". Known: ${names} (reports.shifts of the configuration).`,
  );
}
