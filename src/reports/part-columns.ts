import type { PartRow } from "../store/history-reader.ts";
import type { CsvValue } from "./csv.ts";

/** One column of an export. */
export interface PartColumn {
  readonly name: string;
  readonly means: string;
  readonly value: (row: PartRow) => CsvValue;
}

const plain = (name: keyof PartRow, means: string): PartColumn => ({
  name,
  means,
  value: (row) => row[name],
});
const time = (name: keyof PartRow, means: string): PartColumn => ({
  name,
  means: `${means}, ISO 8601 UTC`,
  value: (row) => iso(row[name]),
});
const ms = (name: keyof PartRow, means: string): PartColumn => ({
  name,
  means: `${means}, ms`,
  value: (row) => rounded(row[name]),
});

/** What an export says of each part, in this order. Columns may be added at the end, never renamed. */
export const PART_COLUMNS: readonly PartColumn[] = [
  plain("camera", "camera"),
  plain("seq", "number of the part, gap-free per camera"),
  plain("inspection_id", "UUID 7 of the result"),
  plain("session", "UUID of the daemon's run"),
  time("at", "recorded"),
  time("triggered_at", "triggered"),
  time("captured_at", "picture captured; empty if there was none"),
  plain("trigger_id", "what triggered it"),
  plain("part_id", "serial number, if the line gave one"),
  plain("tag", "the PLC's number for the part"),
  plain("recipe", "recipe in use at the trigger"),
  plain("recipe_number", "what the PLC selects it by"),
  plain("recipe_version", "version of the recipe"),
  plain("recipe_hash", "hash of all that is set for the recipe"),
  plain("bundle", "model that judged"),
  plain("verdict", "OK, NG, WARN (grey zone) or ERR (no judgement)"),
  plain("action", "what the line was told: pass, reject or hold"),
  plain("reason", "score for judged parts, else why not"),
  plain("detail", "the reason in words"),
  plain("score", "anomaly score"),
  plain("threshold", "score above it is NG"),
  plain("warn_threshold", "score above it is WARN"),
  ms("capture_ms", "trigger to picture"),
  ms("queue_ms", "waiting for the inference process"),
  ms("infer_ms", "inference"),
  ms("total_ms", "trigger to verdict"),
  ms("deadline_ms", "allowed from trigger to verdict"),
  {
    name: "simulated",
    means: "true for simulated and folder cameras",
    value: ({ simulated }) => simulated === 1,
  },
  plain("ejection", "at the output: passed, rejected, unproven or failed; empty without a reject output"),
  ms("ejection_error_ms", "output later (or, negative, earlier) than planned"),
];

function iso(value: CsvValue): string | null {
  return typeof value === "number" ? new Date(value).toISOString() : null;
}

function rounded(value: CsvValue): number | null {
  return typeof value === "number" ? Number(value.toFixed(3)) : null;
}
