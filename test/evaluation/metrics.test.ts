import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findComponents } from "../../src/evaluation/components.ts";
import { imageMetrics, pixelMetrics } from "../../src/evaluation/metrics.ts";
import { rank, tieShare } from "../../src/evaluation/ranking.ts";
import { auroc } from "../../src/evaluation/auroc.ts";

const SIZE = { width: 6, height: 5 };

/** Small pictures with many ties and both classes present. */
const mapsArbitrary = fc
  .array(
    fc.record({
      scores: fc
        .array(fc.integer({ min: 0, max: 6 }), { minLength: 30, maxLength: 30 })
        .map((v) => Float32Array.from(v, (x) => x / 4)),
      labels: fc
        .array(fc.constantFrom(0, 0, 0, 1), { minLength: 30, maxLength: 30 })
        .map((v) => Uint8Array.from(v)),
      size: fc.constant(SIZE),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .filter(
    (maps) => maps.some(({ labels }) => labels.includes(1)) && maps.some(({ labels }) => labels.includes(0)),
  );

describe("image metrics", () => {
  const labels = Uint8Array.of(0, 0, 1, 1);

  it("are 1 for a perfect ranking", () => {
    expect(imageMetrics({ scores: Float64Array.of(1, 2, 3, 4), labels })).toEqual({
      auroc: 1,
      averagePrecision: 1,
      f1Max: 1,
    });
  });

  it("count a tie as one half", () => {
    expect(imageMetrics({ scores: Float64Array.of(1, 2, 2, 3), labels }).auroc).toBe(0.875);
  });

  it("are null where a class is missing", () => {
    const good = imageMetrics({ scores: Float64Array.of(1, 2), labels: Uint8Array.of(0, 0) });
    expect(good).toEqual({ auroc: null, averagePrecision: null, f1Max: null });
    const bad = imageMetrics({ scores: Float64Array.of(1, 2), labels: Uint8Array.of(1, 1) });
    expect(bad).toEqual(good); // of bad pictures alone AP and F1 would be 1 whatever the model says
  });

  it("refuse NaN and unequal lengths", () => {
    expect(() => imageMetrics({ scores: Float64Array.of(1, NaN, 2, 3), labels })).toThrow(/NaN/);
    expect(() => imageMetrics({ scores: Float64Array.of(1), labels })).toThrow(/1 scores and 4 labels/);
  });
});

describe("pixel metrics", () => {
  const labels = Uint8Array.from({ length: 100 }, (_, i) => (i < 20 ? 1 : 0));
  const size = { width: 10, height: 10 };
  const measured = (scores: Float32Array) => pixelMetrics([{ scores, labels, size }]);

  it("are 1 for a perfect map", () => {
    const perfect = measured(Float32Array.from(labels));
    expect(perfect).toMatchObject({ auroc: 1, averagePrecision: 1, f1Max: 1 });
    expect(perfect.aupro).toBeCloseTo(1, 12);
    expect(perfect.aupro005).toBeCloseTo(1, 12);
  });

  it("are ½, the prevalence and limit/2 for a constant map", () => {
    const constant = measured(new Float32Array(100).fill(0.3));
    expect(constant.auroc).toBe(0.5);
    expect(constant.averagePrecision).toBeCloseTo(0.2, 12);
    expect(constant.aupro).toBeCloseTo(0.15, 12);
    expect(constant.aupro005).toBeCloseTo(0.025, 12);
  });

  it("weigh a tiny component as much as a huge one", () => {
    const truth = new Uint8Array(100);
    truth[0] = 1;
    truth.fill(1, 50, 90);
    const onlyTiny = new Float32Array(100);
    onlyTiny[0] = 1;
    const onlyHuge = Float32Array.from(truth);
    onlyHuge[0] = 0;
    const [tiny, huge] = [onlyTiny, onlyHuge].map(
      (scores) => pixelMetrics([{ scores, labels: truth, size }]).aupro,
    );
    expect(tiny).toBeCloseTo(huge ?? NaN, 12);
  });

  it("take a diagonal pair as one component", () => {
    expect(findComponents(Uint8Array.of(1, 0, 0, 1), { width: 2, height: 2 }).sizes).toEqual([2]);
    expect(findComponents(Uint8Array.of(1, 0, 1), { width: 3, height: 1 }).sizes).toEqual([1, 1]);
  });

  it("turn into their complement when scores are inverted", () => {
    fc.assert(
      fc.property(mapsArbitrary, (maps) => {
        const inverted = maps.map((map) => ({ ...map, scores: map.scores.map((score) => -score) }));
        expect((pixelMetrics(maps).auroc ?? NaN) + (pixelMetrics(inverted).auroc ?? NaN)).toBeCloseTo(1, 10);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("equal their definitions computed naively", () => {
    fc.assert(
      fc.property(mapsArbitrary, (maps) => {
        const fast = pixelMetrics(maps);
        const naive = naiveMetrics(maps);
        expect(fast.auroc).toBeCloseTo(naive.auroc, 10);
        expect(fast.averagePrecision).toBeCloseTo(naive.averagePrecision, 10);
        expect(fast.f1Max).toBeCloseTo(naive.f1Max, 10);
        expect(fast.aupro).toBeCloseTo(naive.aupro, 10);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it("stay within the stated error when scores are binned", () => {
    const scores = Float32Array.from(
      { length: 4000 },
      (_, i) => Math.sin(i * 12.9898) + (i % 5 === 0 ? 0.4 : 0),
    );
    const truth = Uint8Array.from({ length: 4000 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const exact = auroc(rank([{ scores, labels: truth }])) ?? NaN;
    const ranking = rank([{ scores, labels: truth }], 100);
    const binned = auroc(ranking) ?? NaN;
    expect(Math.abs(binned - exact)).toBeLessThanOrEqual(tieShare(ranking) / 2 + 1e-12);
    expect(tieShare(ranking)).toBeLessThan(1e-4);
  });
});

interface TestMap {
  scores: Float32Array;
  labels: Uint8Array;
  size: typeof SIZE;
}

/** The definitions word by word, slowly. */
function naiveMetrics(maps: readonly TestMap[]) {
  const pixels = maps.flatMap(({ scores, labels }) =>
    [...scores].map((score, i) => ({ score, bad: labels[i] === 1 })),
  );
  const bad = pixels.filter((pixel) => pixel.bad);
  const good = pixels.filter((pixel) => !pixel.bad);
  const wins = bad.flatMap((b) => good.map((g) => (b.score > g.score ? 1 : b.score === g.score ? 0.5 : 0)));
  const thresholds = [...new Set(pixels.map(({ score }) => score))].sort((a, b) => b - a);
  const components = maps.flatMap((map) => {
    const { labels, sizes } = findComponents(map.labels, map.size);
    return sizes.map((_, k) => [...map.scores].filter((_score, i) => labels[i] === k + 1));
  });
  const points = thresholds.map((threshold) => ({
    hits: bad.filter(({ score }) => score >= threshold).length,
    alarms: good.filter(({ score }) => score >= threshold).length,
    overlap: mean(
      components.map((scores) => scores.filter((score) => score >= threshold).length / scores.length),
    ),
  }));
  const curve = [
    { rate: 0, overlap: 0 },
    ...points.map(({ alarms, overlap }) => ({ rate: alarms / good.length, overlap })),
  ];
  return {
    auroc: mean(wins),
    averagePrecision: points
      .map(
        ({ hits, alarms }, i) =>
          ((hits - (points[i - 1]?.hits ?? 0)) / bad.length) * (hits / (hits + alarms)),
      )
      .reduce((a, b) => a + b),
    f1Max: Math.max(...points.map(({ hits, alarms }) => (2 * hits) / (bad.length + hits + alarms))),
    aupro: areaUpTo(curve, 0.3),
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean height of the linear curve over [0, limit] by exact pieces. */
function areaUpTo(curve: readonly { rate: number; overlap: number }[], limit: number): number {
  let area = 0;
  for (const [i, b] of curve.entries()) {
    const a = curve[i - 1];
    if (a === undefined || a.rate >= limit || b.rate === a.rate) continue;
    const end = Math.min(limit, b.rate);
    const height = a.overlap + ((b.overlap - a.overlap) * (end - a.rate)) / (b.rate - a.rate);
    area += ((end - a.rate) * (a.overlap + height)) / 2;
  }
  return area / limit;
}
