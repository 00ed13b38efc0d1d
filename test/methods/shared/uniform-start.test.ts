import { describe, expect, it } from "vitest";
import { countCost } from "../../../src/graph/cost.ts";
import type { Network } from "../../../src/graph/ops.ts";
import { uniformStart } from "../../../src/methods/shared/uniform-start.ts";

/** Every kind of weight: a full and a depthwise convolution, biases, batch norm, a constant. */
const network: Network = (ops, [x]) => {
  const full = ops.conv2d(x!, "full", { filters: 32, kernel: 3, bias: true });
  const normed = ops.batchNorm(full, "bn");
  const depthwise = ops.conv2d(normed, "depthwise", { filters: 32, kernel: 3, depthwise: true });
  return [
    ops.mulConstant(ops.conv2d(depthwise, "point", { filters: 64, kernel: 1, bias: true }), "constant"),
  ];
};
const { weights: specs } = countCost(network, [{ c: 16, h: 8, w: 8 }]);

describe("uniformStart", () => {
  it("fills convolutions and their biases within ±1/√fan-in, as wide as that, around 0", () => {
    const fanIns = { full: 16 * 9, depthwise: 9, point: 32 };
    const start = uniformStart(specs, 3);
    for (const [name, fanIn] of Object.entries(fanIns)) {
      const bound = 1 / Math.sqrt(fanIn);
      const { shape, data } = start.get(`${name}.weight`)!;
      expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.95 * bound);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      expect(Math.abs(mean)).toBeLessThan(0.1 * bound);
    }
    for (const [name, fanIn] of [
      ["full", fanIns.full],
      ["point", fanIns.point],
    ] as const) {
      const bias = start.get(`${name}.bias`)!.data;
      const largest = bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      expect(largest).toBeGreaterThan(0.8 / Math.sqrt(fanIn));
    }
  });

  it("leaves batch norms and constants out", () => {
    const names = [...uniformStart(specs, 1).keys()].sort();
    expect(names).toEqual(["depthwise.weight", "full.bias", "full.weight", "point.bias", "point.weight"]);
  });

  it("is the same for the same seed, another for another, and each weight draws its own", () => {
    const [first, again, other] = [uniformStart(specs, 1), uniformStart(specs, 1), uniformStart(specs, 2)];
    expect(again).toEqual(first);
    for (const [name, { data }] of first) expect(other.get(name)!.data, name).not.toEqual(data);
    const reordered = uniformStart(specs.toReversed(), 1);
    for (const [name, { data }] of first) expect(reordered.get(name)!.data, name).toEqual(data);
  });
});
