import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import { RecipeBook } from "../../src/station/recipe-book.ts";

const book = new RecipeBook(
  configSchema.parse({
    cameras: [{ name: "cam1", recipe: "bottle" }],
    recipes: [{ name: "can", number: 7, version: "b", deadlineMs: 90 }, { name: "cap" }],
  }),
);

describe("the recipes of a station", () => {
  it("are those listed and those that cameras begin with", () => {
    expect(book.all.map(({ id }) => id)).toEqual(["can", "cap", "bottle"]);
  });

  it("are found by name or by number", () => {
    expect(book.find("can").identity).toMatchObject({ id: "can", number: 7, version: "b" });
    expect(book.find(7).deadlineMs).toBe(90);
    expect(book.find("bottle").identity.number).toBe(0);
  });

  it.each([0, 8, -1, 65536, "7", "../can", "CAN", ""])(
    "does not know %j, and says what it knows",
    (wanted) => {
      expect(() => book.find(wanted)).toThrow(/known: can \(7\), cap, bottle/);
    },
  );

  it("changes its hash with what is set for it, and only then", () => {
    const hash = (deadlineMs: number) =>
      new RecipeBook(configSchema.parse({ recipes: [{ name: "can", deadlineMs }] })).find("can").identity
        .hash;
    expect(hash(90)).toBe(hash(90));
    expect(hash(90)).not.toBe(hash(91));
  });
});
