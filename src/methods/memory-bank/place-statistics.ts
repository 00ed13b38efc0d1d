import type { Shape, Weight } from "../../graph/ops.ts";

/** Added to every variance, whose mean over all places is about 1: PaDiM's ε I (§III-B: ε = 0.01). */
const EPSILON = 0.01;

/** Mean and variance of each channel at each place, picture after picture (Welford 1962, in Float64). */
export class PlaceStatistics {
  readonly #shape: Shape;
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#means = new Float64Array(shape.c * shape.h * shape.w);
    this.#squares = new Float64Array(this.#means.length);
  }

  /** @param features of one or more pictures, [n, h, w, C] as they lie in memory */
  add(features: Float32Array): void {
    const size = this.#means.length;
    for (let start = 0; start < features.length; start += size) {
      this.#count++;
      for (let at = 0; at < size; at++) {
        const value = features[start + at] ?? 0;
        const before = this.#means[at] ?? 0;
        const mean = before + (value - before) / this.#count;
        this.#means[at] = mean;
        this.#squares[at] = (this.#squares[at] ?? 0) + (value - before) * (value - mean);
      }
    }
  }

  /** `gaussian.mean` (negative) and `gaussian.scale` = (variance + ε)^-½, both [C, h, w]. */
  weights(): { readonly mean: Weight; readonly scale: Weight } {
    const { c, h, w } = this.#shape;
    const mean = new Float32Array(this.#means.length);
    const scale = new Float32Array(this.#means.length);
    for (let channel = 0; channel < c; channel++)
      for (let place = 0; place < h * w; place++) {
        const [from, to] = [place * c + channel, channel * h * w + place];
        mean[to] = -(this.#means[from] ?? 0);
        scale[to] = 1 / Math.sqrt((this.#squares[from] ?? 0) / Math.max(this.#count - 1, 1) + EPSILON);
      }
    return { mean: { shape: [c, h, w], data: mean }, scale: { shape: [c, h, w], data: scale } };
  }
}
