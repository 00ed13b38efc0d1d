import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, normal } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import * as losses from "../../../src/methods/shared/losses.ts";

const [BATCH, SIDE, CHANNELS] = [2, 3, 4] as const;
const PLACES = SIDE * SIDE;

const settings = { numRuns: 15, seed: 5 };
const seeds = fc.integer({ min: 1, max: 1e6 });

const feature = (random: () => number): Float32Array =>
  Float32Array.from({ length: BATCH * PLACES * CHANNELS }, () => normal(random) + 0.3);
const map4 = (data: Float32Array, channels: number): tf.Tensor4D =>
  tf.tensor4d(data, [BATCH, SIDE, SIDE, channels]);
const row = (data: Float32Array, place: number): number[] => [
  ...data.subarray(place * CHANNELS, (place + 1) * CHANNELS),
];
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const valueOf = (loss: tf.Scalar): number => loss.dataSync()[0]!;

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}

/** Mean over images of the mean of the `count` largest. */
const largestOf = (perPlace: readonly number[], count: number): number =>
  average(
    Array.from({ length: BATCH }, (_, image) =>
      average(
        perPlace
          .slice(image * PLACES, (image + 1) * PLACES)
          .sort((a, b) => b - a)
          .slice(0, count),
      ),
    ),
  );

describe("focalLoss", () => {
  it("equals the formula written as a loop", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const gate = Float32Array.from({ length: BATCH * PLACES }, () => 0.01 + 0.98 * random());
        const label = gate.map(() => (random() < 0.3 ? 1 : 0));
        const expected = average(
          [...gate].map((w, i) =>
            label[i] === 1 ? -0.8 * (1 - w) ** 2 * Math.log(w) : -0.2 * w ** 2 * Math.log(1 - w),
          ),
        );
        expect(valueOf(losses.focalLoss([map4(gate, 1)], [map4(label, 1)]))).toBeCloseTo(expected, 5);
      }),
      settings,
    );
  });

  it("is finite at gates of 0 and 1", () => {
    const gate = tf.tensor4d([0, 1, 0, 1], [1, 2, 2, 1]);
    const label = tf.tensor4d([0, 1, 1, 0], [1, 2, 2, 1]);
    const gradient = tf.grad((x) => losses.focalLoss([x as tf.Tensor4D], [label]))(gate);
    expect(Number.isFinite(valueOf(losses.focalLoss([gate], [label])))).toBe(true);
    expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
  });
});

describe("levelLabels", () => {
  it("calls a location anomalous if more than 30 % of it is masked", () => {
    const mask = tf.tensor4d([1, 0, 1, 1, 0, 0, 0, 0], [1, 2, 4, 1]);
    expect([...losses.levelLabels(mask, 1, 2).dataSync()]).toEqual([0, 1]);
  });
});

describe("amplifyLoss", () => {
  it("equals the loop over all pairs of normal foreground and anomalous locations", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const [vanilla, amplified] = [feature(random), feature(random)];
        const label = Float32Array.from({ length: BATCH * PLACES }, (_, i) =>
          i === 0 || random() < 0.3 ? 1 : 0,
        );
        const product = label.map((_, i) => (i === 1 || random() < 0.7 ? 1 : 0));
        label[1] = 0;
        const terms: number[] = [];
        for (const [n, isAnomaly] of label.entries())
          for (const [a, anomaly] of label.entries())
            if (isAnomaly === 0 && product[n] === 1 && anomaly === 1)
              terms.push(
                Math.max(
                  0,
                  cosine(row(vanilla, n), row(amplified, a)) - cosine(row(vanilla, n), row(vanilla, a)) + 0.3,
                ),
              );
        const level: losses.AmplifiedLevel = {
          feature: map4(vanilla, CHANNELS),
          amplified: map4(amplified, CHANNELS),
          label: map4(label, 1),
          foreground: map4(product, 1),
        };
        expect(valueOf(losses.amplifyLoss([level], 0.3, random))).toBeCloseTo(average(terms), 5);
      }),
      settings,
    );
  });

  it("draws some of more than 5000 normal and 1000 anomalous locations, the same ones for the same numbers", () => {
    const [side, random] = [90, createRandom(6)];
    const noise = () => Float32Array.from({ length: side * side * 2 }, () => normal(random));
    const map = (data: Float32Array, channels: number) => tf.tensor4d(data, [1, side, side, channels]);
    const level = {
      feature: map(noise(), 2),
      amplified: map(noise(), 2),
      label: map(
        Float32Array.from({ length: side * side }, (_, at) => (at % 4 === 0 ? 1 : 0)),
        1,
      ),
      foreground: null,
    };
    const loss = (seed: number) =>
      tf.tidy(() => valueOf(losses.amplifyLoss([level], 0.3, createRandom(seed))));
    expect(loss(1)).toBe(loss(1));
    expect(loss(1)).not.toBe(loss(2));
    expect(loss(1)).toBeCloseTo(loss(2), 1);
  });

  it("adds nothing for a batch without anomalies", () => {
    const same = map4(feature(createRandom(1)), CHANNELS);
    const level = {
      feature: same,
      amplified: same,
      label: tf.zerosLike(map4(new Float32Array(BATCH * PLACES), 1)),
    };
    expect(valueOf(losses.amplifyLoss([{ ...level, foreground: null }], 0.3, createRandom(1)))).toBe(0);
  });
});

describe("distillation losses", () => {
  it("the paper's is the flattened cosine plus the mean of the K largest distances", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: PLACES + 3 }), (seed, count) => {
        const random = createRandom(seed);
        const [target, prediction] = [feature(random), feature(random)];
        const half = target.length / 2;
        const flat = average(
          [0, 1].map(
            (image) =>
              1 -
              cosine(
                [...target.slice(image * half, (image + 1) * half)],
                [...prediction.slice(image * half, (image + 1) * half)],
              ),
          ),
        );
        const distances = Array.from(
          { length: BATCH * PLACES },
          (_, at) => 1 - cosine(row(target, at), row(prediction, at)),
        );
        const loss = losses.cosineDistillLoss([map4(target, CHANNELS)], [map4(prediction, CHANNELS)], {
          count,
          weight: 1,
        });
        expect(valueOf(loss)).toBeCloseTo(flat + largestOf(distances, count), 5);
      }),
      settings,
    );
  });

  it("the whitened one is the mean squared error plus a share of the K largest", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const [target, prediction] = [feature(random), feature(random)];
        const errors = Array.from({ length: BATCH * PLACES }, (_, at) =>
          average(row(target, at).map((value, i) => (value - row(prediction, at)[i]!) ** 2)),
        );
        const loss = losses.whitenedLoss([map4(target, CHANNELS)], [map4(prediction, CHANNELS)], {
          count: 2,
          weight: 0.1,
        });
        expect(valueOf(loss)).toBeCloseTo(average(errors) + 0.1 * largestOf(errors, 2), 4);
      }),
      settings,
    );
  });

  it("have the gradient that finite differences show, also for the K largest", () => {
    const random = createRandom(9);
    const [target, prediction] = [map4(feature(random), CHANNELS), feature(random)];
    for (const loss of [losses.cosineDistillLoss, losses.whitenedLoss]) {
      const at = (values: Float32Array): number =>
        valueOf(loss([target], [map4(values, CHANNELS)], { count: 2, weight: 0.5 }));
      const gradient = tf
        .grad((x) => loss([target], [x as tf.Tensor4D], { count: 2, weight: 0.5 }))(
          map4(prediction, CHANNELS),
        )
        .dataSync();
      for (let i = 0; i < prediction.length; i += 5) {
        const moved = (by: number): Float32Array =>
          prediction.map((value, j) => (i === j ? value + by : value));
        expect(gradient[i]).toBeCloseTo((at(moved(0.01)) - at(moved(-0.01))) / 0.02, 3);
      }
    }
  });

  it("have a finite gradient where the student's feature is all zero", () => {
    const target = map4(feature(createRandom(2)), CHANNELS);
    const gradient = tf.grad((x) =>
      losses.cosineDistillLoss([target], [x as tf.Tensor4D], { count: 2, weight: 1 }),
    )(tf.zerosLike(target));
    expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
  });
});
