const FORMULA = /^[=+\-@\t\r]/; // what a spreadsheet would run (OWASP: CSV Injection)
const NEEDS_QUOTES = /[",\r\n]/;

export type CsvValue = string | number | boolean | null;

/**
 * One line of RFC 4180, with its CRLF. Text that a spreadsheet would take for a formula begins with an apostrophe; numbers are
 * plain, with a point.
 */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(cell).join(",")}\r\n`;
}

function cell(value: CsvValue): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
