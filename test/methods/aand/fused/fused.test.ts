import { describe, expect, it } from "vitest";
import { aandSchema, type AandConfig } from "../../../../src/config/method-schema.ts";
import { imageAuroc } from "../../../../src/evaluation/auroc.ts";
import { createAdam } from "../../../../src/graph/adam.ts";
import { tf } from "../../../../src/graph/tf.ts";
import { trainStep } from "../../../../src/graph/train-step.ts";
import { aand } from "../../../../src/methods/aand/aand.ts";
import type { TrainableStage, TrainedMethod } from "../../../../src/methods/method.ts";
import { relativeDifference, runOnnx, runTf } from "../../../contract/run-network.ts";
import {
  batchesOf,
  disposeBatch,
  highest,
  isInside,
  LEVELS,
  MAP_SIZE,
  seenParts,
  SIDE,
  stageBatch,
  withNoise,
  type SeenPart,
} from "./seen-parts.ts";

const NORMALS = seenParts(12, 1, "good");
const HELD_OUT = { good: seenParts(8, 2, "good"), spoiled: seenParts(8, 3, "spoiled") };
const FRESH = { good: seenParts(6, 4, "good"), spoiled: seenParts(6, 5, "spoiled") };
const SETTINGS = { name: "aand", bank: { patches: 40 }, blurSigmaPx: 1 };

interface Trained {
  readonly method: TrainedMethod;
  /** Of measureTrust and of settle. */
  readonly words: readonly string[];
  readonly stages: { readonly amplify: boolean; readonly distill: boolean };
  /** Whether `settle` had synthetic anomalies made. */
  readonly askedAnomalies: boolean;
}

/** All stages in the order of the retraining path. */
async function train(config: AandConfig, steps: number): Promise<Trained> {
  const training = aand(config).begin({ levels: LEVELS, mapSize: MAP_SIZE, seed: 1 });
  try {
    await training.prepare(batchesOf(NORMALS));
    const { amplify } = training;
    step(amplify, [...seenParts(6, 6, "spoiled"), ...NORMALS.slice(0, 6)], steps);
    const trust = await training.measureTrust(batchesOf(HELD_OUT.good));
    const distill = training.beginDistill();
    step(distill, NORMALS, steps);
    let askedAnomalies = false;
    const settled = await training.settle({
      normals: () => batchesOf(HELD_OUT.good),
      anomalies: () => {
        askedAnomalies = true;
        return batchesOf(HELD_OUT.spoiled);
      },
    });
    const { network, weights } = training.trained();
    const stages = { amplify: amplify !== null, distill: distill !== null };
    const method = { network, weights: new Map(weights) };
    return { method, words: [trust, settled ?? ""], stages, askedAnomalies };
  } finally {
    training.dispose();
  }
}

function step(stage: TrainableStage | null, parts: readonly SeenPart[], steps: number): void {
  if (!stage) return;
  const batch = stageBatch(parts);
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  for (let at = 0; at < steps; at++) trainStep(stage.variables, adam, 4e-3, () => stage.loss(batch, at));
  adam.dispose();
  disposeBatch(batch);
}

const mapOf = ({ network, weights }: TrainedMethod, { features }: SeenPart): Float32Array =>
  runTf(network, weights, features)[0]!;

describe("AAND, fused", () => {
  it("trained on good parts and planted anomalies tells unseen ones, at their place, by all four maps", async () => {
    const { method, words } = await train(aandSchema.parse(SETTINGS), 40);
    expect(words[0]).toMatch(/^40 patches kept/);
    expect(words[1]).toMatch(
      /^trusted, from good parts alone: gate \d+ %, wide areas \d+ %, student 100 %, bank \d+ %$/,
    );
    for (const map of ["gate", "wide", "distance", "nearest"])
      expect(method.weights.get(`fusion.${map}.scale`)!.data[0]).toBeGreaterThan(0);
    const good = FRESH.good.map((part) => highest(mapOf(method, part)));
    const spoiled = FRESH.spoiled.map((part) => mapOf(method, part));
    const scores = [...good, ...spoiled.map(highest)];
    expect(imageAuroc(scores, [...good.map(() => false), ...spoiled.map(() => true)])).toBe(1);
    for (const [at, map] of spoiled.entries())
      expect(isInside(FRESH.spoiled[at]!.box, map.indexOf(highest(map)))).toBe(true);
  });

  const SWITCHED = [
    [true, true, true],
    [false, true, true],
    [true, false, true],
    [true, true, false],
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ] as const;

  it.each(SWITCHED)(
    "with gate %s, student %s, bank %s: has those stages and maps and no other, the same in ONNX Runtime",
    async (gate, student, bank) => {
      const config = aandSchema.parse({
        ...SETTINGS,
        amplify: { enabled: gate },
        distill: { enabled: student },
        bank: { enabled: bank, patches: 40 },
      });
      const before = tf.memory().numTensors;
      const { method, words, stages, askedAnomalies } = await train(config, 3);
      expect(tf.memory().numTensors).toBe(before);
      const planned = aand(config);
      expect(stages).toEqual({ amplify: gate, distill: student });
      expect(askedAnomalies).toBe(student && bank); // which of the two tells better
      expect([planned.amplify !== null, planned.distill !== null]).toEqual([gate, student]);
      const prefixes = new Set([...method.weights.keys()].map((name) => name.split(".")[0]));
      expect([prefixes.has("gate"), prefixes.has("student"), prefixes.has("bank")]).toEqual([
        gate,
        student,
        bank,
      ]);
      expect(words[0]!.startsWith("40 patches")).toBe(bank);
      const named = ["gate", "student", "bank"].map((word) => words[1]!.includes(word));
      expect(named).toEqual([gate, student, bank]);
      for (const part of [FRESH.good[0]!, FRESH.spoiled[0]!]) {
        const expected = mapOf(method, part);
        expect(expected.every(Number.isFinite)).toBe(true);
        const [exported] = await runOnnx(method.network, method.weights, part.features);
        expect(relativeDifference(exported!, expected)).toBeLessThan(1e-3);
      }
    },
  );

  it("weighs its maps by judged places: what lies elsewhere moves no scale", async () => {
    const training = aand(aandSchema.parse(SETTINGS)).begin({ levels: LEVELS, mapSize: MAP_SIZE, seed: 1 });
    await training.prepare(batchesOf(NORMALS));
    const judged = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (at % SIDE < (3 * SIDE) / 4 ? 0 : 1));
    const noisy = withNoise(HELD_OUT.good, { left: 0, top: 0, side: SIDE / 4 });
    training.beginDistill();
    const scaleOf = async (good: readonly SeenPart[], area: Uint8Array | null): Promise<number[]> => {
      const normals = { ...batchesOf(good), judged: () => area };
      await training.measureTrust(normals);
      await training.settle({ normals: () => normals, anomalies: () => batchesOf(HELD_OUT.spoiled) });
      const { weights } = training.trained();
      return ["distance", "nearest"].map((map) => weights.get(`fusion.${map}.scale`)!.data[0]!);
    };
    const calm = await scaleOf(HELD_OUT.good, judged);
    for (const [at, scale] of (await scaleOf(noisy, judged)).entries())
      expect(scale / calm[at]!).toBeCloseTo(1, 2);
    for (const [at, scale] of (await scaleOf(noisy, null)).entries())
      expect(scale / calm[at]!).toBeLessThan(0.5);
    training.dispose();
  });

  it("has no synthetic anomalies made where every map counts in full", async () => {
    const config = aandSchema.parse({ ...SETTINGS, amplify: { trust: "full" } });
    const { askedAnomalies, words } = await train(config, 1);
    expect(askedAnomalies).toBe(false);
    expect(words[1]).toContain("bank 100 %");
  });

  it("looks at all levels and trains by one cycle; the paper's form looks at its own, by steps", () => {
    const fused = aand(aandSchema.parse({ name: "aand", levels: [3] }));
    expect(fused).toMatchObject({ levels: [1, 2, 3], distill: { schedule: "one-cycle" } });
    const paper = aand(aandSchema.parse({ name: "aand", form: "paper", levels: [3] }));
    expect(paper).toMatchObject({ levels: [3], distill: { schedule: "steps" } });
  });

  it("cannot be exported before it is settled", async () => {
    const training = aand(aandSchema.parse(SETTINGS)).begin({ levels: LEVELS, mapSize: MAP_SIZE, seed: 1 });
    await training.prepare(batchesOf(NORMALS));
    expect(() => training.trained()).toThrow(/settle/);
    training.dispose();
  });
});

describe("settings of AAND that give no map are refused in words", () => {
  const OFF = { enabled: false };
  it("fused: everything off", () => {
    const off = { name: "aand", amplify: OFF, distill: OFF, bank: OFF };
    expect(() => aandSchema.parse(off)).toThrow(/at least one of amplify, distill and bank/);
  });

  it("paper: no student, unless the gate's map is asked for alone, which then needs none", () => {
    const paper = { name: "aand", form: "paper", distill: OFF };
    expect(() => aandSchema.parse(paper)).toThrow(/the student gives the map/);
    const gate = aand(aandSchema.parse({ ...paper, amplify: { use: "gate" } }));
    expect(gate.distill).toBeNull();
    expect(() => aandSchema.parse({ ...paper, amplify: { ...OFF, use: "gate" } })).toThrow(
      /the student gives/,
    );
  });
});
