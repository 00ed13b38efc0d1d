import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { UNCHECKED } from "./unchecked-statements.ts";

const PAGE = join(import.meta.dirname, "../../../docs/sparkplug.md");
const BEGIN =
  "<!-- statements: written by `npx vitest run test/messaging/sparkplug/statements.test.ts --update` -->";
const END = "<!-- end of statements -->";

interface Shown {
  readonly fact: string;
  readonly ids: readonly string[];
}

/** Facts of our tests with the statements named in the comment above them. */
function shownStatements(): readonly Shown[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".test.ts"))
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(join(import.meta.dirname, file), "utf8");
      const blocks = /((?:^ *\/\/ .*\n)+) *it(?:\.each\([^)]*\))?\(\s*"([^"]+)"/gm;
      return [...text.matchAll(blocks)].map(([, comment = "", fact = ""]) => ({
        fact: fact.replace(", MQTT %i", ""),
        ids: [...comment.matchAll(/tck-id-([\w-]+)/g)].map(([, id = ""]) => id),
      }));
    })
    .filter(({ ids }) => ids.length > 0);
}

describe("the page on Sparkplug", () => {
  it("lists the statements of the specification that tests show, and the others with the reason", async () => {
    const shown = shownStatements();
    const ids = shown.flatMap((one) => one.ids);
    const unchecked = Object.values(UNCHECKED).flat();
    expect(unchecked.filter((id) => ids.includes(id))).toEqual([]);
    expect(new Set(unchecked).size).toBe(unchecked.length);

    const entry = (words: string, of: readonly string[]): string =>
      `- ${words}: ${of.map((id) => `\`${id}\``).join(", ")}`;
    const lists = [
      `${new Set(ids).size} statements (\`tck-id-\` and the name) are shown by tests, listed with what the test says:`,
      shown.map(({ fact, ids: of }) => entry(fact, of)).join("\n"),
      `${unchecked.length} are not shown:`,
      Object.entries(UNCHECKED)
        .map(([why, of]) => entry(why, of))
        .join("\n"),
    ].join("\n\n");
    const page = readFileSync(PAGE, "utf8");
    const before = page.slice(0, page.indexOf(BEGIN));
    const after = page.slice(page.indexOf(END));
    const whole = `${before}${BEGIN}\n\n${lists}\n\n${after}`;
    await expect(await format(whole, { parser: "markdown", printWidth: 110 })).toMatchFileSnapshot(PAGE);
  });
});
