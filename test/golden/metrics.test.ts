import { describe, expect, it } from "vitest";
import { z } from "zod";
import { findComponents } from "../../src/evaluation/components.ts";
import { imageMetrics, pixelMetrics } from "../../src/evaluation/metrics.ts";
import { formulaValues } from "./formula.ts";
import { missingGolden, readGolden } from "./vectors.ts";

const SIZE = { width: 64, height: 64 };
const PIXELS = SIZE.width * SIZE.height;
const IMAGES = 8;

const metricsSchema = z.object({
  seed: z.number(),
  ground_truth: z.record(
    z.string(),
    z.union([z.string(), z.array(z.tuple([z.number(), z.number(), z.number(), z.number()]))]),
  ),
  components_8_connected: z.number(),
  image_auroc_of_max: z.number(),
  pixel_auroc: z.number(),
  pixel_average_precision: z.number(),
  pixel_f1_max: z.number(),
  "aupro_0.3": z.number(),
  "aupro_0.05": z.number(),
});

describe.skipIf(missingGolden("metrics.json") !== null)(
  "metrics against scikit-learn and MVTec's definition (golden vectors)",
  () => {
    it("generates the published stream", () => {
      const formula = z
        .object({ seed: z.number(), first_values_of_stream_100: z.array(z.number()) })
        .parse(readGolden("formula.json"));
      const expected = formula.first_values_of_stream_100;
      expect([...formulaValues(formula.seed, 100, expected.length)]).toEqual(expected);
    });

    it("agrees to 1e-6", () => {
      const golden = metricsSchema.parse(readGolden("metrics.json"));
      const maps = goldenMaps(golden.seed, golden.ground_truth);
      const images = imageMetrics({
        scores: Float64Array.from(maps, ({ scores }) => scores.reduce((a, b) => Math.max(a, b))),
        labels: Uint8Array.from(maps, ({ labels }) => (labels.includes(1) ? 1 : 0)),
      });
      const components = maps.map(({ labels }) => findComponents(labels, SIZE).sizes.length);
      expect(components.reduce((a, b) => a + b)).toBe(golden.components_8_connected);
      expect(images.auroc).toBeCloseTo(golden.image_auroc_of_max, 7);
      const pixels = pixelMetrics(maps);
      expect(pixels.auroc).toBeCloseTo(golden.pixel_auroc, 7);
      expect(pixels.averagePrecision).toBeCloseTo(golden.pixel_average_precision, 7);
      expect(pixels.f1Max).toBeCloseTo(golden.pixel_f1_max, 7);
      expect(pixels.aupro).toBeCloseTo(golden["aupro_0.3"], 7);
      expect(pixels.aupro005).toBeCloseTo(golden["aupro_0.05"], 7);
    });
  },
);

/** Scores and boxes as the golden folder's README says: float32 arithmetic, ties by rounding to 1/50. */
function goldenMaps(seed: number, boxesOf: z.infer<typeof metricsSchema>["ground_truth"]) {
  const all = formulaValues(seed, 700, IMAGES * PIXELS);
  return Array.from({ length: IMAGES }, (_, image) => {
    const labels = new Uint8Array(PIXELS);
    const boxes = boxesOf[String(image)];
    for (const [top, bottom, left, right] of Array.isArray(boxes) ? boxes : []) {
      for (let y = top; y < bottom; y++) labels.fill(1, y * SIZE.width + left, y * SIZE.width + right);
    }
    const scores = all.slice(image * PIXELS, (image + 1) * PIXELS).map((value, at) => {
      const rounded = Math.fround(roundHalfToEven(Math.fround(value * 50)) / 50);
      return labels[at] === 1 ? Math.fround(rounded + Math.fround(0.6)) : rounded;
    });
    return { scores, labels, size: SIZE };
  });
}

/** NumPy's rounding. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
