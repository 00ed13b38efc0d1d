import type { PartRow } from "../store/history-reader.ts";
import { csvLine } from "./csv.ts";
import { PART_COLUMNS } from "./part-columns.ts";

/** One line a part; CSV begins with the names of the columns. */
export function* partLines(parts: Iterable<PartRow>, form: "csv" | "json"): Generator<string> {
  if (form === "csv") yield csvLine(PART_COLUMNS.map(({ name }) => name));
  for (const row of parts) {
    if (form === "csv") yield csvLine(PART_COLUMNS.map(({ value }) => value(row)));
    else
      yield `${JSON.stringify(Object.fromEntries(PART_COLUMNS.map(({ name, value }) => [name, value(row)])))}\n`;
  }
}
