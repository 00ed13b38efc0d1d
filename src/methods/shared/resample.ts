import type { Weight } from "../../graph/ops.ts";

const TRUNCATE = 4; // scipy.ndimage.gaussian_filter: taps up to 4 σ, rounded

/**
 * Bilinear up-sampling followed by a Gaussian along one axis, as one matrix: `blur · upsample`. A picture is resampled by
 * left · X · rightᵀ with one matrix per axis; computed in Float64, kept as Float32.
 * @param to height or width of the map   @param from that of the feature level   @param sigmaPx in map pixels, 0: no blur
 * @returns [to, from], each row sums to 1
 */
export function resampleMatrix(to: number, from: number, sigmaPx: number): Weight {
  const blur = gaussianMatrix(to, sigmaPx);
  const data = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const sums = new Float64Array(from);
    for (let at = 0; at < to; at++) {
      const weight = blur[row * to + at] ?? 0;
      if (weight === 0) continue;
      const { left, right, share } = bilinear(at, to, from);
      sums[left] = (sums[left] ?? 0) + weight * (1 - share);
      sums[right] = (sums[right] ?? 0) + weight * share;
    }
    data.set(sums, row * from);
  }
  return { shape: [to, from], data };
}

/**
 * Means over equal parts of one axis: the areas that `to` places cover of `from`, which may be cut or smaller than one.
 * @returns [to, from], each row sums to 1
 */
export function averageMatrix(to: number, from: number): Weight {
  const data = new Float32Array(to * from);
  const length = from / to;
  for (let row = 0; row < to; row++)
    for (let at = 0; at < from; at++) {
      const covered = Math.min(at + 1, (row + 1) * length) - Math.max(at, row * length);
      if (covered > 0) data[row * from + at] = covered / length;
    }
  return { shape: [to, from], data };
}

/** torch's `interpolate(mode="bilinear", align_corners=True)` along one axis: first meets first, last meets last. */
function bilinear(at: number, to: number, from: number): { left: number; right: number; share: number } {
  const source = to > 1 ? (at * (from - 1)) / (to - 1) : 0;
  const left = Math.min(Math.floor(source), from - 1);
  return { left, right: Math.min(left + 1, from - 1), share: source - left };
}

/** scipy's `gaussian_filter1d` (mode "reflect": d c b a | a b c d | d c b a) as a matrix [size, size]. */
function gaussianMatrix(size: number, sigma: number): Float64Array {
  const matrix = new Float64Array(size * size);
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, tap) =>
    radius === 0 ? 1 : Math.exp(-(((tap - radius) / sigma) ** 2) / 2),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  for (let row = 0; row < size; row++)
    for (const [tap, weight] of taps.entries()) {
      const at = row * size + reflected(row + tap - radius, size);
      matrix[at] = (matrix[at] ?? 0) + weight / sum;
    }
  return matrix;
}

function reflected(at: number, size: number): number {
  const period = 2 * size;
  const wrapped = ((at % period) + period) % period;
  return wrapped < size ? wrapped : period - 1 - wrapped;
}
