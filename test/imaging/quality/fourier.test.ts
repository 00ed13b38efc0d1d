import fc from "fast-check";
import { expect, test } from "vitest";
import { inverse, transform } from "../../../src/imaging/quality/fourier.ts";

/** The definition, in O(n⁴). */
function naive(re: readonly number[], n: number) {
  const out = { re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let v = 0; v < n; v++)
    for (let u = 0; u < n; u++)
      for (let y = 0; y < n; y++)
        for (let x = 0; x < n; x++) {
          const angle = (-2 * Math.PI * (u * x + v * y)) / n;
          out.re[v * n + u] = out.re[v * n + u]! + re[y * n + x]! * Math.cos(angle);
          out.im[v * n + u] = out.im[v * n + u]! + re[y * n + x]! * Math.sin(angle);
        }
  return out;
}

test.each([2, 4, 8])("is the definition's sum, and comes back (%i × %i)", (n) => {
  const picture = fc.array(fc.integer({ min: -255, max: 255 }), { minLength: n * n, maxLength: n * n });
  fc.assert(
    fc.property(picture, (values) => {
      const spectrum = { re: Float64Array.from(values), im: new Float64Array(n * n) };
      transform(spectrum, n);
      const expected = naive(values, n);
      for (let i = 0; i < n * n; i++) {
        expect(spectrum.re[i]).toBeCloseTo(expected.re[i]!, 8);
        expect(spectrum.im[i]).toBeCloseTo(expected.im[i]!, 8);
      }
      inverse(spectrum, n);
      for (let i = 0; i < n * n; i++) {
        expect(spectrum.re[i]).toBeCloseTo(values[i]!, 9);
        expect(spectrum.im[i]).toBeCloseTo(0, 9);
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});
