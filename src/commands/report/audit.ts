import { Command } from "commander";
import { EXIT_CODES } from "../../domain/errors.ts";
import { writeLines } from "../../reports/write-lines.ts";
import type { EventRow, HistoryReader } from "../../store/history-reader.ts";
import {
  timesOrAll,
  withHistory,
  withHistoryFlags,
  withTimeFlags,
  type HistoryFlags,
  type TimeFlags,
} from "./station-history.ts";

interface Flags extends HistoryFlags, TimeFlags {
  readonly verify?: true;
  readonly json?: true;
}

/** `assayd report audit`: who changed what, and whether the trail is as it was written. */
export function auditReportCommand(): Command {
  const command = new Command("audit").description(
    "Who changed what; --verify: is the trail as it was written",
  );
  return withTimeFlags(withHistoryFlags(command))
    .option(
      "--verify",
      "follow the chain of hashes; exit code 1 if any entry was changed, removed or cut off",
    )
    .option("--json", "one JSON object a line")
    .action(async (flags: Flags) => {
      await withHistory(flags, async (history) => {
        if (flags.verify === true) process.exitCode = verify(history, flags.json === true);
        else
          await writeLines(
            entryLines(history.events(timesOrAll(flags)), flags.json === true),
            process.stdout,
          );
      });
    });
}

function verify(history: HistoryReader, asJson: boolean): number {
  const check = history.checkAudit();
  const whole = check.problems.length === 0;
  if (asJson) process.stdout.write(`${JSON.stringify({ ...check, whole })}\n`);
  else {
    const span = `${check.entries} entries, ${check.firstId} to ${check.lastId}`;
    const words = whole ? `whole: ${span}; head ${check.head}` : `NOT as it was written (${span}):`;
    process.stdout.write(`${[words, ...check.problems].join("\n  ")}\n`);
  }
  return whole ? EXIT_CODES.ok : EXIT_CODES.failed;
}

function* entryLines(events: Iterable<EventRow>, asJson: boolean): Generator<string> {
  for (const { at, kind, camera, data } of events) {
    const when = new Date(at).toISOString();
    if (asJson) yield `${JSON.stringify({ at: when, kind, camera, data })}\n`;
    else yield `${when}  ${kind}  ${camera ?? ""}  ${JSON.stringify(data)}\n`;
  }
}
