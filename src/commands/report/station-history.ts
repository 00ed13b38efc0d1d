import type { Command } from "commander";
import { MACHINE_FILES } from "../../config/config-files.ts";
import { loadConfig } from "../../config/load.ts";
import { statePaths } from "../../config/paths.ts";
import type { Config } from "../../config/schema.ts";
import { InputError } from "../../domain/errors.ts";
import { lastRange } from "../../reports/shift-time.ts";
import { HistoryReader, type TimeRange } from "../../store/history-reader.ts";

export interface HistoryFlags {
  readonly config?: string;
  readonly stateDir?: string;
}

export interface TimeFlags {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
}

/** Which station's history: its configuration says where its state is, unless `--state-dir` does. */
export function withHistoryFlags(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration of the station", process.env.ASSAYD_CONFIG)
    .option("--state-dir <dir>", "state folder of the station (default: the configuration's)");
}

export function withTimeFlags(command: Command): Command {
  return command
    .option("--from <time>", 'ISO 8601, e.g. "2026-02-03T06:00" (local time without a zone)')
    .option("--to <time>", "ISO 8601 (default: now)")
    .option("--last <duration>", "up to now: 90m, 8h, 2d");
}

/** Opens the history for `work`, and closes it. @throws ConfigError, InputError as `loadConfig` and `HistoryReader` do */
export async function withHistory(
  flags: HistoryFlags,
  work: (history: HistoryReader, config: Config) => void | Promise<void>,
): Promise<void> {
  const config = loadConfig(flags.config ?? null, process.env, MACHINE_FILES);
  const { store } = statePaths(flags.stateDir ?? config.station.stateDir);
  const history = new HistoryReader(store);
  try {
    await work(history, config);
  } finally {
    history.close();
  }
}

/** What the flags say; all that is recorded if they say nothing. @throws InputError as `timesOf` */
export function timesOrAll(flags: TimeFlags): TimeRange {
  return timesOf(flags, Date.now()) ?? { from: 0, to: Number.MAX_SAFE_INTEGER };
}

/** What the flags say; null if they say nothing. @throws InputError with the form that was expected */
export function timesOf({ from, to, last }: TimeFlags, now: number): TimeRange | null {
  if (last !== undefined) {
    const range = from === undefined && to === undefined ? lastRange(last, now) : null;
    if (range !== null) return range;
    throw new InputError(
      "bad-time",
      `--last ${last}: expected e.g. 90m, 8h or 2d, and neither --from nor --to beside it`,
    );
  }
  if (from === undefined && to === undefined) return null;
  const range = {
    from: from === undefined ? 0 : epochMs("--from", from),
    to: to === undefined ? now : epochMs("--to", to),
  };
  if (range.from < range.to) return range;
  throw new InputError("bad-time", `--from ${from ?? "the beginning"} is not before --to ${to ?? "now"}`);
}

function epochMs(flag: string, text: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new InputError(
    "bad-time",
    `${flag} ${text}: expected ISO 8601, e.g. 2026-02-03T06:00 or 2026-02-03T05:00:00Z`,
  );
}
