import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InOrder } from "../../../src/inspection/deliver/in-order.ts";

describe("InOrder", () => {
  it("hands on any permutation of the numbers in their order, each once, as soon as it may", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc
          .integer({ min: 0, max: 60 })
          .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count })),
        (first, order) => {
          const handed: number[] = [];
          const records = new InOrder<number>(first, (value) => handed.push(value));
          const seen = new Set<number>();
          for (const offset of order) {
            records.push(first + offset, offset);
            seen.add(offset);
            let due = 0;
            while (seen.has(due)) due += 1;
            expect(handed).toEqual([...Array(due).keys()]);
            expect(records.waiting).toBe(seen.size - due);
          }
          expect(handed).toHaveLength(order.length);
        },
      ),
      { seed: 7 },
    );
  });
});
