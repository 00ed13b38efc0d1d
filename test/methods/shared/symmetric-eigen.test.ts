import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../../src/methods/shared/symmetric-eigen.ts";

/** Those of small whole numbers often have several equal eigenvalues, or zero. */
const numbers = [fc.double({ min: -50, max: 50, noNaN: true }), fc.integer({ min: -1, max: 1 })];
const symmetric = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(...numbers)).chain(([n, number]) =>
  fc.array(number, { minLength: n * n, maxLength: n * n }).map((values) => {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) matrix[i * n + j] = values[i * n + j]! + values[j * n + i]!;
    return { n, matrix };
  }),
);

/** U · diag(middle) · Uᵀ */
function compose(vectors: Float64Array, middle: Float64Array): Float64Array {
  const n = middle.length;
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return middle.reduce((sum, value, k) => sum + vectors[i * n + k]! * value * vectors[j * n + k]!, 0);
  });
}

const largestDifference = (a: Float64Array, b: Float64Array): number =>
  a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);

describe("symmetricEigen", () => {
  it("gives U·D·Uᵀ = A with orthogonal U", () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values, vectors } = symmetricEigen(matrix, n);
        expect(largestDifference(compose(vectors, values), matrix)).toBeLessThan(1e-9);
        const one = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
        expect(largestDifference(compose(vectors, new Float64Array(n).fill(1)), one)).toBeLessThan(1e-10);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("gives the largest eigenvalue first, and of each eigenvector the sign that makes its largest number positive", () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const { values, vectors } = symmetricEigen(matrix, n);
        expect([...values]).toEqual([...values].sort((a, b) => b - a));
        for (let j = 0; j < n; j++) {
          const vector = Array.from({ length: n }, (_, i) => vectors[i * n + j]!);
          expect(Math.max(...vector)).toBe(Math.max(...vector.map(Math.abs)));
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("refuses a matrix with a value that is not finite", () => {
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow(RangeError);
  });
});
