/** A complex picture of n × n values, row-major. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * The two-dimensional discrete Fourier transform of n × n values (n a power of two), in place: O(n² log n), by rows, then
 * columns. Forward: X(k) = Σ x(j) e^(−2πi jk/n), without a factor. Source: Cooley & Tukey 1965, radix 2.
 */
export function transform(values: Spectrum, n: number): void {
  for (let y = 0; y < n; y++) transformRow(values, n, { first: y * n, step: 1 });
  for (let x = 0; x < n; x++) transformRow(values, n, { first: x, step: n });
}

/** The inverse, with its factor 1/n². */
export function inverse({ re, im }: Spectrum, n: number): void {
  transform({ re: im, im: re }, n); // swapping both parts before and after turns one direction into the other
  const factor = 1 / (n * n);
  for (let i = 0; i < re.length; i++) {
    re[i] = re[i]! * factor;
    im[i] = im[i]! * factor;
  }
}

interface Row {
  readonly first: number;
  readonly step: number;
}

/** Plain loops over typed arrays: 128 of these a picture. */
function transformRow({ re, im }: Spectrum, n: number, { first, step }: Row): void {
  const { order, cos, sin } = tableOf(n);
  for (let i = 0; i < n; i++) {
    const j = order[i]!;
    if (j > i) swap(re, im, first + i * step, first + j * step);
  }
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = first + (start + k) * step;
        const b = a + half * step;
        const c = cos[k * stride]!;
        const s = sin[k * stride]!;
        const r = re[b]! * c + im[b]! * s;
        const i = im[b]! * c - re[b]! * s;
        re[b] = re[a]! - r;
        im[b] = im[a]! - i;
        re[a] = re[a]! + r;
        im[a] = im[a]! + i;
      }
    }
  }
}

function swap(re: Float64Array, im: Float64Array, a: number, b: number): void {
  const r = re[a]!;
  const i = im[a]!;
  re[a] = re[b]!;
  im[a] = im[b]!;
  re[b] = r;
  im[b] = i;
}

interface Table {
  /** Bits of each index in reverse. */
  readonly order: Uint32Array;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

const tables = new Map<number, Table>();

function tableOf(n: number): Table {
  const known = tables.get(n);
  if (known !== undefined) return known;
  const order = new Uint32Array(n);
  for (let i = 1; i < n; i++) order[i] = (order[i >> 1]! >> 1) | (i & 1 ? n >> 1 : 0);
  const angles = Float64Array.from({ length: n / 2 }, (_, k) => (2 * Math.PI * k) / n);
  const table = { order, cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
  tables.set(n, table);
  return table;
}
