import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Network } from "../../src/graph/ops.ts";
import { tf } from "../../src/graph/tf.ts";
import { coreset } from "../../src/methods/shared/bank/coreset.ts";
import { keyWeights, patchDistance } from "../../src/methods/shared/bank/nearest-network.ts";
import { PlaceStatistics } from "../../src/methods/memory-bank/place-statistics.ts";
import {
  bankStandardization,
  pickRows,
  standardizedRows,
} from "../../src/methods/shared/bank/standardize-rows.ts";
import { runOnnx, runTf } from "../contract/run-network.ts";

interface Table {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** By numpy: scripts/make-golden-bank.py. */
const golden = JSON.parse(readFileSync(new URL("bank.json", import.meta.url), "utf8")) as Readonly<
  Record<"rows" | "queries" | "places" | "placeQuery", Table> &
    Record<"chosen" | "meanSquares" | "placeDistances", readonly number[]>
> & { readonly first: number };

const DIMS = 6;
const rows = {
  count: golden.rows.shape[0]!,
  dims: DIMS,
  data: Float32Array.from(golden.rows.data),
};
const standardization = bankStandardization(rows);
const standard = standardizedRows(rows, standardization);
/** Draws the golden first row. */
const first = () => (golden.first + 0.5) / rows.count;

describe("the memory bank equals numpy", () => {
  it("greedy k-centre", () => {
    expect([...coreset(standard, golden.chosen.length, first)]).toEqual(golden.chosen);
  });

  it.each([
    { repeats: 1, chunks: 1 },
    { repeats: 24_000, chunks: 5 }, // of 3 keys each: 15 for 12
  ])(
    "distance to the nearest key in tfjs and ONNX Runtime, keys in $chunks chunks",
    async ({ repeats, chunks }) => {
      const queries = golden.queries.shape[0]!;
      const shape = { c: DIMS, h: repeats * 3, w: 3 };
      const data = Float32Array.from({ length: DIMS * shape.h * 3 }, (_, at) => {
        const [channel, place] = [Math.floor(at / (shape.h * 3)), at % (shape.h * 3)];
        return golden.queries.data[(place % queries) * DIMS + channel]!;
      });
      const keys = pickRows(standard, Int32Array.from(golden.chosen));
      const weights = new Map([
        ["bank.offset", standardization.offset],
        ["bank.scale", standardization.scale],
        ...keyWeights(keys, shape.h * shape.w),
      ]);
      expect(weights.size).toBe(2 + 2 * chunks);
      const network: Network = (ops, inputs) => [patchDistance(ops, inputs[0]!, keys.count)];
      const expected = golden.meanSquares.map((square) => Math.sqrt(square + 1e-3));
      for (const [distances] of [
        runTf(network, weights, [{ shape, data }]),
        await runOnnx(network, weights, [{ shape, data }]),
      ])
        expected.forEach((distance, at) => {
          expect(distances![at]).toBeCloseTo(distance, 5);
        });
    },
  );

  it("Gaussian distance of each place", () => {
    const [pictures = 0, h = 0, w = 0, c = 0] = golden.places.shape;
    const statistics = new PlaceStatistics({ c, h, w });
    for (const [from, to] of [
      [0, 7],
      [7, pictures],
    ] as const) {
      const part = golden.places.data.slice(from * h * w * c, to * h * w * c);
      const tensor = tf.tensor4d(part, [to - from, h, w, c], "float32");
      statistics.add(tensor);
      tensor.dispose();
    }
    const { mean, scale } = statistics.weights();
    statistics.dispose();
    golden.placeDistances.forEach((distance, place) => {
      let sum = 0;
      for (let channel = 0; channel < c; channel++) {
        const at = channel * h * w + place;
        sum += ((golden.placeQuery.data[place * c + channel]! + mean.data[at]!) * scale.data[at]!) ** 2;
      }
      expect(Math.sqrt(sum / c)).toBeCloseTo(distance, 5);
    });
  });
});
