/**
 * The value formula of the golden vectors (README.md of the golden folder): inputs and weights by seed and stream, so that
 * no weight file is needed.
 * @returns `count` values in -1..1, in the row-major order of the PyTorch shape
 */
export function formulaValues(seed: number, stream: number, count: number): Float32Array {
  const offset = Math.imul(seed * 1000 + stream, 40503);
  return Float32Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 2654435761) + offset) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 2246822519);
    h = Math.imul(h ^ (h >>> 13), 3266489917);
    h = (h ^ (h >>> 16)) >>> 0;
    return h / 2 ** 31 - 1;
  });
}
