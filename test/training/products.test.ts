import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evenly, mixedBatchOf, splitProducts } from "../../src/training/products.ts";
import { batchOf, splitNormals } from "../../src/training/split.ts";

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const upTo = (count: number): number[] => [...Array(count).keys()];
const counts = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 1, maxLength: 5 });

/** Products of these sizes, one after the other. */
const productsOf = (sizes: readonly number[]) =>
  sizes.map((count, at) => ({
    recipe: `r${at}`,
    first: sizes.slice(0, at).reduce((sum, size) => sum + size, 0),
    count,
  }));

describe("splitProducts", () => {
  it("splits each product by itself, and gives every picture to one side of its own product", () => {
    fc.assert(
      fc.property(counts, fc.integer(), (sizes, seed) => {
        const products = productsOf(sizes);
        const split = splitProducts(products, 0.2, seed);
        for (const [at, { recipe, first, count }] of products.entries()) {
          const own = split.products[at]!;
          expect(own.recipe).toBe(recipe);
          expect(own.heldOut.length).toBeGreaterThanOrEqual(2);
          expect(sorted([...own.train, ...own.heldOut])).toEqual(upTo(count).map((index) => first + index));
        }
        expect(sorted(split.train)).toEqual(sorted(split.products.flatMap(({ train }) => train)));
        expect(sorted(split.heldOut)).toEqual(sorted(split.products.flatMap(({ heldOut }) => heldOut)));
      }),
      { seed: 1 },
    );
  });

  it("names the products in turn, so that the first few are of all of them", () => {
    const { train, heldOut } = splitProducts(productsOf([100, 20, 50]), 0.2, 3);
    const productOf = (index: number): number => (index < 100 ? 0 : index < 120 ? 1 : 2);
    expect(heldOut.slice(0, 6).map(productOf)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(train.slice(0, 6).map(productOf)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("splits one product as splitNormals does", () => {
    expect(splitProducts(productsOf([40]), 0.2, 7)).toMatchObject(splitNormals(40, 0.2, 7));
  });
});

describe("mixedBatchOf", () => {
  it("has as many of each product, and shows each picture once in an epoch of its product", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 1e6 }), (sizes, seed) => {
        const pictures = productsOf(sizes).map(({ first, count }) => upTo(count).map((at) => first + at));
        const batch = 2 * sizes.length;
        const steps = Math.max(...sizes);
        const seen = upTo(steps).flatMap((step) => mixedBatchOf(pictures, batch, step, seed));
        for (const own of pictures) {
          const mine = seen.filter((index) => own.includes(index));
          expect(mine).toHaveLength(2 * steps);
          expect(sorted(mine.slice(0, own.length))).toEqual(own);
        }
      }),
      { seed: 2, numRuns: 30 },
    );
  });

  it("deals one product as batchOf does, and two of equal size in different orders", () => {
    expect(upTo(9).map((step) => mixedBatchOf([upTo(17)], 4, step, 3))).toEqual(
      upTo(9).map((step) => batchOf(17, 4, step, 3)),
    );
    const dealt = mixedBatchOf([upTo(20), upTo(20)], 40, 0, 3);
    const [even, odd] = [0, 1].map((turn) => dealt.filter((_, at) => at % 2 === turn));
    expect(even).not.toEqual(odd);
  });
});

describe("evenly", () => {
  it("gives as many of each product, those of a small one again and again", () => {
    expect(
      evenly(
        [
          [1, 2, 3, 4, 5],
          [11, 12],
          [21, 22, 23],
        ],
        400,
      ),
    ).toEqual([1, 11, 21, 2, 12, 22, 3, 11, 23, 4, 12, 21, 5, 11, 22]);
    expect(evenly([upTo(30), upTo(5)], 20)).toHaveLength(20);
  });

  it("gives the first of one product", () => {
    expect(evenly([[3, 1, 2]], 2)).toEqual([3, 1]);
    expect(evenly([[3, 1, 2]], 400)).toEqual([3, 1, 2]);
  });
});
