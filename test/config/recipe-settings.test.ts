import { describe, expect, it } from "vitest";
import { recipeSettings } from "../../src/config/recipe-settings.ts";
import { configSchema } from "../../src/config/schema.ts";

const config = configSchema.parse({
  station: { inputSize: 320 },
  training: {
    preprocess: {
      light: "gain",
      ignore: [
        [
          [0, 0],
          [0.5, 0.1],
        ],
      ],
    },
  },
  recipes: [
    { name: "cap", preprocess: { light: "local" } },
    { name: "board", inputSize: 256, preprocess: { pictureSize: { width: 1280, height: 960 } } },
  ],
});

describe("what holds for a product", () => {
  it("is the station's where the product has nothing of its own", () => {
    const { inputSize, pictureSize, preprocess } = recipeSettings(config, "other");
    expect([inputSize, pictureSize]).toEqual([
      { width: 320, height: 320 },
      { width: 320, height: 320 },
    ]);
    expect(preprocess).toEqual(config.training.preprocess);
  });

  it("is the product's own, key by key", () => {
    expect(recipeSettings(config, "cap").preprocess).toEqual({
      ...config.training.preprocess,
      light: "local",
    });
    const board = recipeSettings(config, "board");
    expect(board.inputSize).toEqual({ width: 256, height: 256 });
    expect(board.pictureSize).toEqual({ width: 1280, height: 960 });
    expect(board.preprocess.ignore).toEqual(config.training.preprocess.ignore);
  });
});
