import fc from "fast-check";
import { expect, test } from "vitest";
import { csvLine } from "../../src/reports/csv.ts";

test("numbers are plain, text is quoted where RFC 4180 asks for it", () => {
  expect(csvLine(["a", 1.5, -2, null, true, 'say "hi"', "a,b", "two\nlines"])).toBe(
    'a,1.5,-2,,true,"say ""hi""","a,b","two\nlines"\r\n',
  );
});

test("text never begins as a formula, whatever a part is called", () => {
  for (const text of ['=cmd|"/C calc"!A0', "+1", "-1", "@SUM(A1)", "\tx", "\r=1"]) {
    const line = csvLine([text]);
    expect(line.replace(/^"/, "")).toMatch(/^'/);
  }
});

test("a reader gets back what was written", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 6 }), (values) => {
      const read = parseLine(csvLine(values));
      expect(read).toEqual(values.map((value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value)));
    }),
    { seed: 3, numRuns: 500 },
  );
});

/** A naive reader of one line of RFC 4180. */
function parseLine(line: string): string[] {
  const cells: string[] = [];
  let [cell, quoted] = ["", false];
  const text = line.slice(0, -2);
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (quoted && sign === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (sign === '"') quoted = !quoted;
    else if (sign === "," && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += sign;
  }
  return [...cells, cell];
}
