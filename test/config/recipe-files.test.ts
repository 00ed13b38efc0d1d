import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { recipeSettings } from "../../src/config/recipe-settings.ts";

const STATION = "/etc/assayd/assayd.yaml";

/** A configuration with these recipe files beside it. */
function load(recipes: Readonly<Record<string, string>>, station = "") {
  return loadConfig(
    STATION,
    {},
    {
      readFile: (path) => (path === STATION ? station : (recipes[path.split("/").at(-1) ?? ""] ?? "")),
      listFolder: (path) => (path === "/etc/assayd/recipes" ? Object.keys(recipes) : []),
    },
  );
}

describe("recipes as files", () => {
  it("takes the stem as name and the keys of an entry of `recipes`", () => {
    const config = load({
      "can.yaml": "number: 2\nversion: b\ndeadlineMs: 120\npreprocess: {light: gain}\n",
      "bottle.yml": "",
    });
    expect(config.recipes.map(({ name }) => name)).toEqual(["bottle", "can"]);
    expect(recipeSettings(config, "can")).toMatchObject({
      identity: { id: "can", number: 2, version: "b" },
      deadlineMs: 120,
      preprocess: { light: "gain" },
    });
  });

  it("counts a mask from the recipe's own folder", () => {
    const config = load({ "can.yaml": "preprocess: {mask: can.png}" });
    expect(config.recipes[0]?.preprocess.mask).toBe("/etc/assayd/recipes/can.png");
  });

  it("names the file whose input size the method cannot cut", () => {
    const adps = "training: { method: { name: adps } }";
    expect(() => load({ "can.yaml": "inputSize: 320" }, adps)).toThrow(
      /recipes\/can\.yaml: inputSize .*got 320\); expected a multiple of 128/,
    );
    expect(load({ "can.yaml": "inputSize: 384" }, adps).recipes).toHaveLength(1);
  });

  it("passes over what is no recipe", () => {
    expect(load({ ".can.yaml": "number: 0", "notes.txt": "x", "can.yaml~": "y" }).recipes).toEqual([]);
  });

  it("names file, line and value of a mistake", () => {
    expect(() => load({ "can.yaml": "number: 1\nlight: gain\n" })).toThrow(
      /\/etc\/assayd\/recipes\/can\.yaml:2:1 light: /,
    );
    expect(() => load({ "can.yaml": "number: 70000" })).toThrow(
      /can\.yaml:1:9 number: .*70000|can\.yaml:1:9 number/,
    );
  });

  it.each(["UPPER.yaml", "a b.yaml", "-x.yaml"])("refuses the file name %s", (file) => {
    expect(() => load({ [file]: "" })).toThrow(/cannot name a recipe|problem/);
  });

  it("refuses a name or a number that is taken", () => {
    const own = "recipes: [{name: can, number: 1}]";
    expect(() => load({ "can.yaml": "" }, own)).toThrow(/name or number/);
    expect(() => load({ "cap.yaml": "number: 1" }, own)).toThrow(/name or number \(1\) of recipe "can"/);
    expect(() => load({}, "recipes: [{name: a, number: 1}, {name: b, number: 1}]")).toThrow(
      /recipes\[1\]\.number/,
    );
  });
});
