import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestName } from "../../src/config/nearest-name.ts";

test("finds the name that was meant", () => {
  expect(nearestName("stalTimeoutMs", ["stallTimeoutMs", "maxFrameAgeMs"])).toBe("stallTimeoutMs");
  expect(nearestName("Level", ["level"])).toBe("level");
});

test("guesses nothing where nothing is near", () => {
  expect(nearestName("colour", ["level", "port"])).toBeNull();
  expect(nearestName("x", [])).toBeNull();
});

test("the edit distance is a metric", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
    { seed: 1 },
  );
});
