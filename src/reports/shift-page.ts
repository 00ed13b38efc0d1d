import { escapeHtml } from "../evaluation/page/escape.ts";
import { STYLE } from "../evaluation/page/style.ts";
import type { Table } from "../evaluation/table.ts";
import type { ShiftReport } from "./shift-report.ts";
import { shiftTables } from "./shift-tables.ts";

/** One HTML page that asks for nothing from elsewhere, to be printed or mailed. */
export function shiftPage(report: ShiftReport, station: string): string {
  const title = `${station}: ${new Date(report.from).toISOString()} to ${new Date(report.to).toISOString()}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>Shift report</h1><p>${escapeHtml(title)}</p>
${shiftTables(report).map(table).join("\n")}
</body></html>
`;
}

function table({ title, header, rows }: Table): string {
  const cells = (row: readonly string[], tag: "th" | "td"): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("");
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
  return `<h3>${escapeHtml(title)}</h3><div class="wide"><table><thead><tr>${cells(header, "th")}</tr></thead><tbody>${body}</tbody></table></div>`;
}
