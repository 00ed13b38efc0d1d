import { describe, expect, it } from "vitest";
import { tilingOf } from "../../src/preprocess/tiling.ts";
import { splitProducts } from "../../src/training/products.ts";
import { chooseCuts } from "../../src/training/samples.ts";

const { tiles } = tilingOf({ width: 96, height: 64 }, { width: 64, height: 64 }, 16);
const split = splitProducts(
  [
    { recipe: "a", first: 0, count: 10 },
    { recipe: "b", first: 10, count: 20 },
  ],
  0.2,
  1,
);

describe("what is learned from", () => {
  it("are all tiles of each picture, held-out pictures' among the held-out", () => {
    const { cuts, split: cutSplit } = chooseCuts(split, tiles, { copies: 0, seed: 1 });
    expect(cuts).toHaveLength(30 * tiles.length);
    expect([...cutSplit.train, ...cutSplit.heldOut].sort((a, b) => a - b)).toEqual([...cuts.keys()]);
    for (const [at, { recipe, train, heldOut }] of cutSplit.products.entries()) {
      const own = split.products[at]!;
      expect(recipe).toBe(own.recipe);
      expect(new Set(train.map((cut) => cuts[cut]!.picture))).toEqual(new Set(own.train));
      expect(new Set(heldOut.map((cut) => cuts[cut]!.picture))).toEqual(new Set(own.heldOut));
    }
  });

  it("are varied copies besides, never of held-out pictures", () => {
    const { cuts, split: cutSplit } = chooseCuts(split, [null], { copies: 2, seed: 1 });
    expect(cutSplit.train).toHaveLength(3 * split.train.length);
    expect(cutSplit.heldOut.map((cut) => cuts[cut]!.copy)).toEqual(split.heldOut.map(() => 0));
  });

  it("come picture by picture, and of many only some, by the seed", () => {
    const many = splitProducts([{ recipe: "a", first: 0, count: 1500 }], 0.2, 1);
    const choose = (seed: number) => chooseCuts(many, tiles, { copies: 0, seed });
    const { cuts, split: cutSplit } = choose(1);
    expect([cutSplit.train.length, cutSplit.heldOut.length]).toEqual([2000, 400]);
    expect(cuts.map(({ picture }) => picture)).toEqual(
      cuts.map(({ picture }) => picture).sort((a, b) => a - b),
    );
    expect(choose(1)).toEqual(choose(1));
    expect(choose(2)).not.toEqual(choose(1));
  });
});
