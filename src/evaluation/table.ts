import { printable } from "./printable.ts";

/** A table of words; every row has as many cells as the header. The first column is left-aligned, the others right. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal, without a final newline. */
export function textTable(table: Table): string {
  const { title, header } = table;
  const rows = table.rows.map((row) => row.map(printable));
  const widths = header.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [printable(title), line(header), rule, ...rows.map(line)].join("\n");
}

/** GitHub's Markdown; what would end a cell or begin a tag is escaped. */
export function markdownTable({ title, header, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  const rule = header.map((_, at) => (at === 0 ? "---" : "---:"));
  return [`**${escapeMarkdown(title)}**`, "", line(header), line(rule), ...rows.map(line)].join("\n");
}

function escapeMarkdown(text: string): string {
  return printable(text).replace(/[\\|]/g, "\\$&").replaceAll("<", "&lt;");
}
