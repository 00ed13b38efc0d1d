import { Command } from "commander";
import { textTable } from "../../evaluation/table.ts";
import { PART_COLUMNS } from "../../reports/part-columns.ts";
import { partLines } from "../../reports/part-lines.ts";
import { writeLines } from "../../reports/write-lines.ts";
import {
  timesOrAll,
  withHistory,
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
  const range = timesOrAll(flags);
  await withHistory(flags, async (history) => {
    const parts = history.parts(range, flags.camera ?? null);
    await writeLines(partLines(parts, flags.json === true ? "json" : "csv"), process.stdout);
  });
}

function columnWords(): string {
  const rows = PART_COLUMNS.map(({ name, means }) => [name, means]);
  return textTable({ title: "Columns of assayd export", header: ["column", "meaning"], rows });
}
