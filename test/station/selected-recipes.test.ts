import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SelectedRecipes } from "../../src/station/selected-recipes.ts";

let folder = "";
const file = (): string => join(folder, "selected.json");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-selected-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("the recipes that were selected", () => {
  it("are known after a restart", async () => {
    const selected = SelectedRecipes.read(file());
    expect(selected.of("cam1")).toBeNull();
    await Promise.all([
      selected.select("cam1", "can"),
      selected.select("cam2", "cap"),
      selected.select("cam1", "bottle"),
    ]);
    const again = SelectedRecipes.read(file());
    expect([again.of("cam1"), again.of("cam2"), again.problem]).toEqual(["bottle", "cap", null]);
  });

  it.each(["", "{", "[]", '{"cam1": "../x"}', '{"cam1": 3}'])(
    "are none in a damaged file (%j), and it is said",
    async (text) => {
      await writeFile(file(), text);
      const selected = SelectedRecipes.read(file());
      expect(selected.of("cam1")).toBeNull();
      expect(selected.problem).toContain("damaged");
      await selected.select("cam1", "can");
      expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ cam1: "can" });
    },
  );
});
