import { once } from "node:events";
import type { Writable } from "node:stream";
import { Command } from "commander";
import { textTable } from "../../evaluation/table.ts";
import { csvLine } from "../../reports/csv.ts";
import { PART_COLUMNS } from "../../reports/part-columns.ts";
import type { PartRow } from "../../store/history-reader.ts";
import {
  openHistory,
  timesOf,
  withHistoryFlags,
  withTimeFlags,
  type HistoryFlags,
  type TimeFlags,
} from "./station-history.ts";

interface Flags extends HistoryFlags, TimeFlags {
  readonly camera?: string;
  readonly json?: true;
  readonly csv?: true;
  readonly columns?: true;
}

/** `assayd export`: every recorded part, one line each. */
export function exportCommand(): Command {
  const command = new Command("export").description(
    "Every recorded part, one line each, as CSV or JSON lines, on stdout",
  );
  return withTimeFlags(withHistoryFlags(command))
    .option("--camera <name>", "of this camera only")
    .option("--csv", "comma-separated, RFC 4180 (the default)")
    .option("--json", "one JSON object a line")
    .option("--columns", "say what the columns mean, and end")
    .action(async (flags: Flags) => {
      if (flags.columns === true) process.stdout.write(`${columnWords()}\n`);
      else await exportParts(flags);
    });
}

async function exportParts(flags: Flags): Promise<void> {
  const range = timesOf(flags, Date.now()) ?? { from: 0, to: Number.MAX_SAFE_INTEGER };
  const { history } = openHistory(flags);
  try {
    await writeParts(
      history.parts(range, flags.camera ?? null),
      flags.json === true ? "json" : "csv",
      process.stdout,
    );
  } finally {
    history.close();
  }
}

/** One line a part; waits for a slow reader, so that memory does not grow. Ends quietly if the reader goes away (`| head`). */
export async function writeParts(
  parts: Iterable<PartRow>,
  form: "csv" | "json",
  out: Writable,
): Promise<void> {
  const gone = once(out, "close").then(() => undefined);
  if (form === "csv") out.write(csvLine(PART_COLUMNS.map(({ name }) => name)));
  for (const row of parts) {
    const more = out.write(
      form === "csv" ? csvLine(PART_COLUMNS.map(({ value }) => value(row))) : jsonLine(row),
    );
    if (!more) await Promise.race([once(out, "drain"), gone]);
    if (out.destroyed) return;
  }
}

function jsonLine(row: PartRow): string {
  return `${JSON.stringify(Object.fromEntries(PART_COLUMNS.map(({ name, value }) => [name, value(row)])))}\n`;
}

function columnWords(): string {
  const rows = PART_COLUMNS.map(({ name, means }) => [name, means]);
  return textTable({ title: "Columns of assayd export", header: ["column", "meaning"], rows });
}
