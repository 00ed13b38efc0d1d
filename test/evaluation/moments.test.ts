import { expect, it } from "vitest";
import { momentsOf } from "../../src/evaluation/moments.ts";

it("gives mean and sample deviation; 0 for what cannot be told", () => {
  expect(momentsOf([1, 2, 3, 4, 5])).toEqual({ mean: 3, deviation: Math.sqrt(2.5) });
  expect(momentsOf([4])).toEqual({ mean: 4, deviation: 0 });
  expect(momentsOf([])).toEqual({ mean: 0, deviation: 0 });
});
