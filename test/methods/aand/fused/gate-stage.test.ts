import { describe, expect, it } from "vitest";
import { createAdam } from "../../../../src/graph/adam.ts";
import type { Network, Weights } from "../../../../src/graph/ops.ts";
import { tf } from "../../../../src/graph/tf.ts";
import { trainStep } from "../../../../src/graph/train-step.ts";
import { gateNetwork, wideNetwork } from "../../../../src/methods/aand/fused/fused-network.ts";
import { createGateStage, type GateStage } from "../../../../src/methods/aand/fused/gate-stage.ts";
import { levelStatistics } from "../../../../src/methods/shared/level-statistics.ts";
import { whiteningWeights } from "../../../../src/methods/shared/whiten.ts";
import { runTf } from "../../../contract/run-network.ts";
import {
  batchesOf,
  disposeBatch,
  isInside,
  LEVELS,
  seenParts,
  SIDE,
  stageBatch,
  type SeenPart,
} from "./seen-parts.ts";

/** Places of the finest level in a row. */
const PLACES = LEVELS[0]!.shape.w;

/** In the middle of a place of the finest level. */
function pixelOf(place: number): number {
  const scale = SIDE / PLACES;
  const [x, y] = [place % PLACES, Math.floor(place / PLACES)];
  return (y + 0.5) * scale * SIDE + (x + 0.5) * scale;
}

async function begun(seed: number, wide = false): Promise<{ stage: GateStage; standardization: Weights }> {
  const statistics = await levelStatistics(LEVELS, batchesOf(seenParts(12, 1, "good")));
  const standardization = await whiteningWeights(statistics);
  return { stage: createGateStage(LEVELS, { standardization, seed, wide }), standardization };
}

/** Losses of all steps on spoiled and good parts in equal shares. */
function train(stage: GateStage, steps: number): number[] {
  const batch = stageBatch([...seenParts(6, 2, "spoiled"), ...seenParts(6, 3, "good")]);
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  const losses = Array.from({ length: steps }, (_, step) =>
    trainStep(stage.variables, adam, 4e-3, () => stage.loss(batch, step)),
  );
  adam.dispose();
  disposeBatch(batch);
  return losses;
}

describe("createGateStage", () => {
  it("learns where a planted anomaly is, on parts that it never saw, and says nothing about good ones", async () => {
    const { stage, standardization } = await begun(1);
    const losses = train(stage, 60);
    expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]!);
    const weights = new Map([...standardization, ...stage.trained()]);
    const gateOf = (features: Parameters<typeof runTf>[2]): Float32Array =>
      runTf(gateNetwork(LEVELS), weights, features)[0]!.map((logit) => 1 / (1 + Math.exp(-logit)));
    for (const { features, box } of seenParts(4, 9, "spoiled")) {
      const gate = [...gateOf(features)];
      const mean = (isWanted: (place: number) => boolean): number => {
        const chosen = gate.filter((_, place) => isWanted(place));
        return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
      };
      const isIn = (place: number): boolean => isInside(box, pixelOf(place));
      expect(mean(isIn)).toBeGreaterThan(mean((place) => !isIn(place)) + 0.4);
    }
    for (const { features } of seenParts(4, 10, "good"))
      expect(Math.max(...gateOf(features))).toBeLessThan(0.5);
    stage.dispose();
  });

  it("learns wide areas from the last pictures of a batch, and small anomalies from the others alone", async () => {
    const { stage, standardization } = await begun(1, true);
    const parts = [...seenParts(6, 3, "good"), ...seenParts(6, 2, "spoiled")];
    const batch = { ...stageBatch(parts), wide: 6 };
    const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
    for (let step = 0; step < 60; step++)
      trainStep(stage.variables, adam, 4e-3, () => stage.loss(batch, step));
    adam.dispose();
    disposeBatch(batch);
    const weights = new Map([...standardization, ...stage.trained()]);
    const highestOf = (network: Network, part: SeenPart): number =>
      1 / (1 + Math.exp(-Math.max(...runTf(network, weights, part.features)[0]!)));
    for (const part of seenParts(4, 9, "spoiled")) {
      expect(highestOf(wideNetwork(LEVELS), part)).toBeGreaterThan(0.5);
      expect(highestOf(gateNetwork(LEVELS), part)).toBeLessThan(0.5); // it was shown good parts only
    }
    for (const part of seenParts(4, 10, "good"))
      expect(highestOf(wideNetwork(LEVELS), part)).toBeLessThan(0.5);
    stage.dispose();
  });

  it("has no weights of wide areas where they are not learned, and ignores such pictures", async () => {
    const { stage } = await begun(1);
    const parts = [...seenParts(4, 2, "spoiled"), ...seenParts(4, 3, "spoiled")];
    const [all, small] = [{ ...stageBatch(parts), wide: 4 }, stageBatch(parts.slice(0, 4))];
    expect(stage.loss(all, 0).dataSync()[0]).toBeCloseTo(stage.loss(small, 0).dataSync()[0]!, 6);
    expect([...stage.trained().keys()].some((name) => name.startsWith("wide."))).toBe(false);
    for (const batch of [all, small]) disposeBatch(batch);
    stage.dispose();
  });

  it("gives its own weights only, running statistics among them, and begins the same for the same seed", async () => {
    const [first, again, other] = [await begun(5), await begun(5), await begun(6)];
    const trained = first.stage.trained();
    expect([...trained.keys()].every((name) => name.startsWith("gate."))).toBe(true);
    expect(trained.has("gate.0.lateral.bn.running_mean")).toBe(true);
    const dataOf = ({ stage }: typeof first) => stage.trained().get("gate.0.mix.pointwise.weight")!.data;
    expect(dataOf(again)).toEqual(dataOf(first));
    expect(dataOf(other)).not.toEqual(dataOf(first));
    for (const { stage } of [first, again, other]) stage.dispose();
  });

  it("leaves the standardisation as it is, and holds no tensors when disposed", async () => {
    const before = tf.memory().numTensors;
    const { stage, standardization } = await begun(1);
    train(stage, 2);
    const after = stage.variables.toWeights();
    for (const [name, { data }] of standardization)
      if (after.has(name)) expect(after.get(name)!.data).toEqual(data);
    expect([...standardization.keys()].some((name) => after.has(name))).toBe(true);
    stage.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a batch without masks in words", async () => {
    const { stage } = await begun(1);
    const batch = stageBatch(seenParts(2, 4, "good"));
    expect(() => stage.loss(batch, 0)).toThrow(/synthetic anomalies/);
    disposeBatch(batch);
    stage.dispose();
  });
});
