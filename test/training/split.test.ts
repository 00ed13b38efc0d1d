import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { batchOf, shuffled, splitNormals } from "../../src/training/split.ts";

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const upTo = (count: number): number[] => [...Array(count).keys()];

describe("splitNormals", () => {
  it("gives every picture to exactly one side, at least 2 held out and 1 to train", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 400 }),
        fc.double({ noNaN: true, min: 0.05, max: 0.5 }),
        fc.integer(),
        (count, share, seed) => {
          const { train, heldOut } = splitNormals(count, share, seed);
          expect(sorted([...train, ...heldOut])).toEqual(upTo(count));
          expect(heldOut.length).toBeGreaterThanOrEqual(2);
          expect(train.length).toBeGreaterThanOrEqual(1);
          expect(Math.abs(heldOut.length - count * share)).toBeLessThanOrEqual(2);
          expect(splitNormals(count, share, seed)).toEqual({ train, heldOut });
        },
      ),
      { seed: 1 },
    );
  });
});

describe("shuffled", () => {
  it("is a permutation, another one for another seed", () => {
    expect(sorted(shuffled(50, createRandom(1)))).toEqual(upTo(50));
    expect(shuffled(50, createRandom(1))).not.toEqual(shuffled(50, createRandom(2)));
    expect(shuffled(0, createRandom(1))).toEqual([]);
  });
});

describe("batchOf", () => {
  it("shows every picture once an epoch, in another order each time, whatever the batch size", () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 1e6 }), (count, batch, seed) => {
        const steps = Math.ceil((3 * count) / batch);
        const seen = upTo(steps).flatMap((step) => batchOf(count, batch, step, seed));
        for (const epoch of [0, 1, 2]) {
          expect(sorted(seen.slice(epoch * count, (epoch + 1) * count))).toEqual(upTo(count));
        }
      }),
      { seed: 2 },
    );
    const epoch = (n: number) => batchOf(40, 40, n, 9);
    expect(epoch(0)).not.toEqual(epoch(1));
  });

  it("depends on the step alone, so that a resumed job sees what it would have seen", () => {
    const whole = upTo(30).map((step) => batchOf(17, 4, step, 3));
    expect(
      upTo(30)
        .toReversed()
        .map((step) => batchOf(17, 4, step, 3))
        .toReversed(),
    ).toEqual(whole);
  });
});
