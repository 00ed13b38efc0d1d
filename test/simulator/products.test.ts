import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { renderPart, renderSample } from "../../src/simulator/product.ts";
import { findProduct, PRODUCTS } from "../../src/simulator/products.ts";

const SIZE = { width: 128, height: 128 };
const part = (index: number, seed = 3) => ({ index, seed, size: SIZE });

/** Mean absolute difference of two RGB pictures where `mask` (default: everywhere) has `value`. */
function difference(a: Uint8Array, b: Uint8Array, mask?: Uint8Array, value = 1): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (mask !== undefined && mask[Math.floor(i / 3)] !== value) continue;
    sum += Math.abs(a[i]! - b[i]!);
    count++;
  }
  return sum / count;
}

describe.each(PRODUCTS.map((product) => [product.name, product] as const))("product %s", (_name, product) => {
  it("has four to seven kinds of defect, each name fit for a folder", () => {
    expect(product.defects.length).toBeGreaterThanOrEqual(4);
    expect(product.defects.length).toBeLessThanOrEqual(7);
    for (const defect of product.defects) expect(defect).toMatch(/^[a-z]+$/);
    expect(product.defects).not.toContain("good");
  });

  it("gives the same bytes for the same part, and good parts that differ", () => {
    const first = renderSample(product, part(0), null);
    expect(renderSample(product, part(0), null)).toEqual(first);
    expect(first.truth).toEqual({ label: "good", source: "good" });
    expect(first.mask.includes(1)).toBe(false);
    expect(difference(first.data, renderSample(product, part(1), null).data)).toBeGreaterThan(2);
    expect(difference(first.data, renderSample(product, part(0, 4), null).data)).toBeGreaterThan(2);
  });

  it("marks every kind of defect where the picture differs from the same part without it", () => {
    for (const defect of product.defects) {
      for (let index = 0; index < 3; index++) {
        const bad = renderSample(product, part(index), defect);
        const good = renderSample(product, part(index), null);
        const area = bad.mask.reduce((sum, pixel) => sum + pixel, 0);
        const what = `${defect} of part ${index}`;
        expect(bad.truth, what).toEqual({ label: "bad", source: defect });
        expect(area, what).toBeGreaterThan(2);
        expect(area / bad.mask.length, what).toBeLessThan(0.4);
        expect(difference(bad.data, good.data, bad.mask, 1), what).toBeGreaterThan(2);
        expect(difference(bad.data, good.data, bad.mask, 0), what).toBeLessThan(0.6);
      }
    }
  });

  it("renders any size, and all its kinds of defect on a mixed line", () => {
    const size = { width: 40, height: 32 };
    const line = Array.from({ length: 60 }, (_, index) =>
      renderPart({ index, seed: 1, size, content: "mixed", defectShare: 0.9 }, product),
    );
    expect(line[0]?.data).toHaveLength(40 * 32 * 3);
    expect(new Set(line.map(({ truth }) => truth.source))).toEqual(new Set(["good", ...product.defects]));
  });

  it("refuses a defect it does not have", () => {
    expect(() => renderSample(product, part(0), "explosion")).toThrow(RangeError);
  });
});

describe("findProduct", () => {
  it("finds every product by its name and says which there are if there is none", () => {
    for (const product of PRODUCTS) expect(findProduct(product.name)).toBe(product);
    expect(PRODUCTS.length).toBeGreaterThanOrEqual(9);
    expect(() => findProduct("nope")).toThrow(InputError);
    expect(() => findProduct("nope")).toThrow(/"nope"; these exist: default, gear/);
  });
});
