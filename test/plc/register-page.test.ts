import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, it } from "vitest";
import { registerPage } from "../../src/plc/register-page.ts";

it("docs/plc.md is what the register map gives: npm run schema", async () => {
  const root = join(import.meta.dirname, "../..");
  const options = await resolveConfig(join(root, "package.json"));
  const page = await format(registerPage(), { ...options, parser: "markdown" });
  expect(readFileSync(join(root, "docs/plc.md"), "utf8")).toBe(page);
});
