import { inverse, transform, type Spectrum } from "./fourier.ts";
import { GREY_SIDE, type GreyPicture } from "./look.ts";

const N = GREY_SIDE;
/** Frequencies count by a Gaussian of this deviation, cycles a picture: beyond it noise and texture rule. */
const BANDWIDTH = 8;
const NEGLIGIBLE = 1e-3;
const HANN = Float64Array.from({ length: N }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / N));
const WEIGHT = Float64Array.from({ length: N * N }, (_, i) => {
  const [x, y] = [frequency(i % N), frequency(Math.floor(i / N))];
  return i === 0 ? 0 : Math.exp(-(x * x + y * y) / (2 * BANDWIDTH * BANDWIDTH));
});
const WEIGHT_SUM = WEIGHT.reduce((sum, weight) => sum + weight, 0);

/** Where a picture lies against another. */
export interface Shift {
  /** Share of the picture's width and height; positive: to the right, downwards. Within ±0.5. */
  readonly x: number;
  readonly y: number;
  /** 1: the same picture, moved. Near 0: nothing in common, and the shift means nothing. */
  readonly agreement: number;
}

/** What `shiftBetween` compares: made once for a picture that many are compared with. */
export function spectrumOf(grey: GreyPicture): Spectrum {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const re = new Float64Array(N * N);
  for (let y = 0; y < N; y++)
    for (let x = 0; x < N; x++) re[y * N + x] = (grey[y * N + x]! - mean) * HANN[x]! * HANN[y]!;
  const spectrum = { re, im: new Float64Array(N * N) };
  transform(spectrum, N);
  return spectrum;
}

/**
 * How far a picture is moved against the reference, by phase correlation: brightness and contrast do not matter.
 * Source: Kuglin & Hines 1975; we leave out high frequencies.
 */
export function shiftBetween(picture: Spectrum, reference: Spectrum): Shift {
  const re = new Float64Array(N * N);
  const im = new Float64Array(N * N);
  for (let i = 0; i < re.length; i++) {
    const weight = WEIGHT[i]!;
    if (weight < NEGLIGIBLE) continue;
    const a = picture.re[i]!;
    const b = picture.im[i]!;
    const c = reference.re[i]!;
    const d = reference.im[i]!;
    const real = a * c + b * d; // picture × conjugate of reference
    const imaginary = b * c - a * d;
    const length = Math.sqrt(real * real + imaginary * imaginary); // Math.hypot takes ten times as long
    if (length === 0) continue;
    re[i] = (weight * real) / length;
    im[i] = (weight * imaginary) / length;
  }
  inverse({ re, im }, N);
  return peakOf(re);
}

function peakOf(correlation: Float64Array): Shift {
  let best = 0;
  for (let i = 1; i < correlation.length; i++) if (correlation[i]! > correlation[best]!) best = i;
  const [x, y] = [best % N, Math.floor(best / N)];
  const at = (dx: number, dy: number) => correlation[((y + dy + N) % N) * N + ((x + dx + N) % N)]!;
  const peak = at(0, 0);
  return {
    x: (frequency(x) + vertex(at(-1, 0), peak, at(1, 0))) / N,
    y: (frequency(y) + vertex(at(0, -1), peak, at(0, 1))) / N,
    agreement: (peak * N * N) / WEIGHT_SUM,
  };
}

/** Where a parabola through three values has its peak, −0.5 to 0.5 from the middle one. */
function vertex(before: number, peak: number, after: number): number {
  const bend = before - 2 * peak + after;
  return bend >= 0 ? 0 : Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend)));
}

/** Index of a transform as a signed number, −n/2 to n/2 − 1. */
function frequency(index: number): number {
  return index < N / 2 ? index : index - N;
}
