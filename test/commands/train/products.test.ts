import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { productFolders } from "../../../src/commands/train/products.ts";

describe("productFolders", () => {
  it("takes one folder for the recipe that is named apart, even with = in its path", () => {
    expect(productFolders(["pictures"], "bottle")).toEqual([
      { recipe: "bottle", normalsDir: resolve("pictures") },
    ]);
    expect(productFolders(["./a=b"], "bottle")).toEqual([{ recipe: "bottle", normalsDir: resolve("./a=b") }]);
  });

  it("takes several products by name", () => {
    expect(productFolders(["bottle=one", "can=/two=2"], "default")).toEqual([
      { recipe: "bottle", normalsDir: resolve("one") },
      { recipe: "can", normalsDir: "/two=2" },
    ]);
    expect(productFolders(["can=two"], "default")).toEqual([{ recipe: "can", normalsDir: resolve("two") }]);
  });

  it.each([
    [["one", "two"], /"one" has no recipe.*NAME=DIR/],
    [["bottle=one", "two"], /"two" has no recipe/],
    [["bottle=one", "bottle=two"], /"bottle" is given twice/],
    [["My Bottle=one"], /cannot be a recipe's name.*write \.\/My Bottle=one/],
  ])("refuses %j", (images, words) => {
    expect(() => productFolders(images, "default")).toThrow(words);
  });

  it("refuses a recipe that no bundle can be named after, before anything is trained", () => {
    expect(() => productFolders(["pictures"], "My Bottle")).toThrow(
      /"My Bottle" cannot be a recipe's name: expected 1 to 64 of a-z/,
    );
  });
});
