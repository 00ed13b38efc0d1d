import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { countCost } from "../../src/graph/cost.ts";
import type { Network, Weights } from "../../src/graph/ops.ts";
import { amplifierWeights } from "../../src/torch-import/amplifier-weights.ts";
import { publishedAand, publishedRd } from "../../src/torch-import/published-networks.ts";
import { rdStudent } from "../../src/torch-import/rd-network.ts";
import { runOnnx, runTf } from "../contract/run-network.ts";
import {
  encoderWeights,
  featuresOf,
  levelsOf,
  planOf,
  PUBLISHED_CASES,
  studentWeights,
  type PublishedCase,
} from "./published-golden.ts";

function methodOf(golden: PublishedCase): { network: Network; weights: Weights } {
  const mapSize = { width: golden.size, height: golden.size };
  const plan = planOf(golden);
  if (golden.kind === "rd") return { network: publishedRd(plan, mapSize), weights: studentWeights(golden) };
  const levels = levelsOf(golden);
  const { weights, memory } = amplifierWeights(encoderWeights(golden), levels, "stage1.pth");
  return {
    network: publishedAand(plan, levels, memory, mapSize),
    weights: new Map([...studentWeights(golden), ...weights]),
  };
}

describe.each(PUBLISHED_CASES)(
  "$kind, widening $widening: as PyTorch with the published layers",
  (golden) => {
    it("has the same layers under the same names", () => {
      const { weights } = countCost(
        rdStudent(planOf(golden)),
        levelsOf(golden).map(({ shape }) => shape),
      );
      const names = weights.map(({ name, shape }) => [name, shape]);
      expect(names.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))).toEqual(golden.student);
    });

    it.each(["tfjs", "ONNX Runtime"])("gives the same anomaly map and score in %s", async (engine) => {
      const { network, weights } = methodOf(golden);
      const features = featuresOf(golden);
      const [map = new Float32Array()] =
        engine === "tfjs" ? runTf(network, weights, features) : await runOnnx(network, weights, features);
      const { indices, values } = golden.map;
      const differences = indices.map((at, i) => Math.abs((map[at] ?? NaN) - (values[i] ?? NaN)));
      expect(Math.max(...differences)).toBeLessThan(1e-5);
      expect(Math.abs(Math.max(...map) - golden.score)).toBeLessThan(1e-5);
    });
  },
);

describe("amplifiers of a checkpoint", () => {
  const golden = PUBLISHED_CASES.find(({ kind }) => kind === "aand")!;
  const refusal = (
    change: (encoder: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  ) => {
    const encoder = new Map(encoderWeights(golden));
    change(encoder);
    return () => amplifierWeights(encoder, levelsOf(golden), "stage1.pth");
  };

  it("are refused with the published name of what is missing, misshapen or left over", () => {
    expect(refusal((encoder) => encoder.delete("feat_recons_b.projs2.0.2.bias"))).toThrow(
      /stage1\.pth .*needs feat_recons_b\.projs2\.0\.2\.bias, which is not there/,
    );
    const wrong = { shape: [1, 12, 16], data: new Float32Array(192) };
    expect(refusal((encoder) => encoder.set("feat_recons_c.K_list.0", wrong))).toThrow(
      /needs feat_recons_c\.K_list\.0 as \[1, 12, 128\], the file has \[1, 12, 16\]/,
    );
    expect(refusal((encoder) => encoder.set("feat_recons_a.projs.1.0.bias", wrong))).toThrow(
      /has no feat_recons_a\.projs\.1\.0\.bias/,
    );
    expect(refusal((encoder) => encoder.delete("feat_recons_a.K_list.0"))).toThrow(InputError);
  });
});
