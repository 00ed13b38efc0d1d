import { EigenvalueDecomposition } from "ml-matrix";

/** A = U · diag(values) · Uᵀ. */
export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** U [n, n], row-major; column j belongs to values[j], and the largest of its numbers by amount is positive. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by ml-matrix: Householder's tridiagonal form, then implicit QL (Golub & Van
 * Loan, §8.3; EISPACK tred2 and tql2). About 9 n³ operations in one go: 0.3 s at 512 channels, 3 s at 1024.
 * @param matrix [n, n], symmetric, row-major; not changed
 * @throws RangeError if the matrix is not square or holds a value that is not finite.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  if (matrix.length !== n * n || !matrix.every(Number.isFinite))
    throw new RangeError(
      `Expected ${n}×${n} finite values, got ${matrix.length}; check the features that were sampled.`,
    );
  const rows = Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(rows, { assumeSymmetric: true });
  const vectors = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const vector = withFixedSign(eigenvectorMatrix.getColumn(n - 1 - j)); // the library's are ascending
    for (let i = 0; i < n; i++) vectors[i * n + j] = vector[i] ?? 0;
  }
  return { values: Float64Array.from(realEigenvalues).reverse(), vectors };
}

/** An eigenvector and its negative are as good: the one whose largest number by amount is positive. */
function withFixedSign(vector: readonly number[]): readonly number[] {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}
