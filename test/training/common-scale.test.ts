import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrate } from "../../src/training/calibrate.ts";
import { onCommonScale } from "../../src/training/common-scale.ts";

const scores = fc
  .array(fc.double({ min: 0.1, max: 50, noNaN: true }), { minLength: 5, maxLength: 40 })
  .filter((raw) => Math.max(...raw) - Math.min(...raw) > 0.01);
const products = fc.array(scores, { minLength: 1, maxLength: 5 });
const calibrated = (raw: readonly number[], at: number) => ({
  recipe: `r${at}`,
  ...calibrate(raw, 0.99, 1.1),
});

describe("onCommonScale", () => {
  it("keeps every product's limit on the raw score, and every threshold above 0", () => {
    fc.assert(
      fc.property(products, (raws) => {
        const own = raws.map(calibrated);
        for (const [at, { recipe, mean, deviation, threshold }] of onCommonScale(own).entries()) {
          const alone = own[at]!;
          expect(recipe).toBe(alone.recipe);
          expect(mean + threshold * deviation).toBeCloseTo(alone.mean + alone.threshold * alone.deviation, 6);
          expect(threshold).toBeGreaterThan(0);
        }
        expect(new Set(onCommonScale(own).map(({ mean, deviation }) => `${mean} ${deviation}`)).size).toBe(1);
      }),
      { seed: 1 },
    );
  });

  it("leaves a single product as it is, to the last bit", () => {
    fc.assert(
      fc.property(scores, (raw) => {
        const own = [calibrated(raw, 0)];
        expect(onCommonScale(own)).toEqual(own);
      }),
      { seed: 2 },
    );
  });
});
