import { afterAll, describe, expect, it } from "vitest";
import { countCost } from "../../src/graph/cost.ts";
import type { Network, Ops } from "../../src/graph/ops.ts";
import { tfOps } from "../../src/graph/tf-ops.ts";
import { TfWeights } from "../../src/graph/tf-weights.ts";
import { tf } from "../../src/graph/tf.ts";
import { randomMap, randomWeights } from "../contract/ops-cases.ts";

const INPUT = { c: 3, h: 12, w: 24 };
const COUNT = 3;
const CROP = { c: 3, h: 4, w: 8 };

const conv = <T>(ops: Ops<T>, x: T): T => ops.conv2d(x, "conv", { filters: 5, kernel: 3, stride: 2 });
const whole: Network = (ops, [x]) => [conv(ops, x!)];
const cropped: Network = (ops, [x]) => ops.perCrop(x!, COUNT, (crop) => [conv(ops, crop)]);

const weights = new TfWeights(randomWeights(whole, [CROP]), new Set());
afterAll(() => {
  weights.dispose();
});

describe("perCrop", () => {
  it("gives what each crop gives alone, at its place, for every picture of a batch", () => {
    tf.tidy(() => {
      const ops = tfOps(weights, "infer");
      const pictures = tf.tensor4d(
        [...randomMap(INPUT), ...randomMap(INPUT)],
        [2, INPUT.h, INPUT.w, INPUT.c],
      );
      const [together] = cropped(ops, [pictures]);
      expect(together!.shape).toEqual([2, 6, 12, 5]);
      for (let row = 0; row < COUNT; row++)
        for (let column = 0; column < COUNT; column++) {
          const crop = tf.slice(pictures, [0, row * CROP.h, column * CROP.w, 0], [-1, CROP.h, CROP.w, -1]);
          const [alone] = whole(ops, [crop]);
          const place = tf.slice(together!, [0, row * 2, column * 4, 0], [-1, 2, 4, -1]);
          expect(tf.max(tf.abs(tf.sub(alone!, place))).dataSync()[0]).toBeLessThan(1e-5);
        }
    });
  });

  it("does not let a crop see its neighbours", () => {
    tf.tidy(() => {
      const ops = tfOps(weights, "infer");
      const picture = tf.tensor4d(randomMap(INPUT), [1, INPUT.h, INPUT.w, INPUT.c]);
      const [apart] = cropped(ops, [picture]);
      const [connected] = whole(ops, [picture]);
      expect(tf.max(tf.abs(tf.sub(apart!, connected!))).dataSync()[0]).toBeGreaterThan(0.1);
    });
  });

  it("counts the work of all crops, and their weights once", () => {
    const each = countCost(whole, [CROP]);
    const all = countCost(cropped, [INPUT]);
    expect(all.macs).toBe(COUNT ** 2 * each.macs);
    expect(all.parameters).toBe(each.parameters);
    expect(all.outputs).toEqual([{ c: 5, h: 6, w: 12 }]);
  });

  it("refuses sizes that the crops do not fit into", () => {
    expect(() => countCost(cropped, [{ c: 3, h: 12, w: 25 }])).toThrow(/12 × 25 .* 3 × 3/);
  });
});
