import { describe, expect, it } from "vitest";
import { countCost } from "../../../../src/graph/cost.ts";
import { amplifyNetwork } from "../../../../src/methods/aand/paper/amplify-network.ts";
import {
  gateTrust,
  initialAmplifier,
  withTrust,
} from "../../../../src/methods/aand/paper/amplify-weights.ts";
import { positionalEncoding } from "../../../../src/methods/aand/paper/positional-encoding.ts";

describe("gateTrust", () => {
  it("is 1 for gates that stay shut on good parts, 0 for gates that fire on each, 0 without parts", () => {
    expect(gateTrust([0, 0])).toBe(1);
    expect(gateTrust([1, 1])).toBe(0);
    expect(gateTrust([0, 1])).toBe(0.5);
    expect(gateTrust([])).toBe(0);
  });

  it("is set as one number a level", () => {
    const weights = withTrust(new Map(), new Map([[3, 0.25]]));
    expect(weights.get("raa.3.trust")).toEqual({ shape: [1], data: Float32Array.of(0.25) });
  });
});

describe("initialAmplifier", () => {
  it("draws convolutions and biases within ±1/√fan-in and keys from a standard normal", () => {
    const level = { level: 3, shape: { c: 16, h: 4, w: 4 } };
    const network = amplifyNetwork([level], { hidden: 2, memory: 50, temperature: 0.2 });
    const weights = initialAmplifier(countCost(network, [level.shape]).weights, 1);
    const largest = (name: string) => Math.max(...weights.get(name)!.data.map(Math.abs));
    expect(largest("raa.3.gate.0.weight")).toBeLessThanOrEqual(1 / 4);
    expect(largest("raa.3.gate.0.bias")).toBeLessThanOrEqual(1 / 4);
    expect(largest("raa.3.gate.1.bias")).toBeLessThanOrEqual(1 / Math.sqrt(32));
    const keys = weights.get("raa.3.keys.weight")!.data;
    expect(keys.reduce((sum, value) => sum + value * value, 0) / keys.length).toBeCloseTo(1, 1);
  });
});

describe("positionalEncoding", () => {
  it("tells x in the first half of the channels and y in the second", () => {
    const { data } = positionalEncoding({ c: 8, h: 3, w: 5 });
    const at = (c: number, y: number, x: number) => data[(c * 3 + y) * 5 + x]!;
    expect(at(0, 2, 3)).toBeCloseTo(Math.sin(3), 6);
    expect(at(1, 2, 3)).toBeCloseTo(Math.cos(3), 6);
    expect(at(4, 2, 3)).toBeCloseTo(Math.sin(2), 6);
    expect(at(6, 2, 3)).toBeCloseTo(Math.sin(2 * 0.01), 6);
  });

  it("refuses channels that are no multiple of 4", () => {
    expect(() => positionalEncoding({ c: 6, h: 2, w: 2 })).toThrow(/multiple of 4/);
  });
});
