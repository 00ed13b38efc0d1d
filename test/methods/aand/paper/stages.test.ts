import { afterAll, describe, expect, it } from "vitest";
import { aandSchema } from "../../../../src/config/method-schema.ts";
import type { Weights } from "../../../../src/graph/ops.ts";
import { createAdam } from "../../../../src/graph/adam.ts";
import { createRandom, normal } from "../../../../src/graph/random.ts";
import { tf } from "../../../../src/graph/tf.ts";
import { trainStep } from "../../../../src/graph/train-step.ts";
import { createAmplifyStage } from "../../../../src/methods/aand/paper/amplify-stage.ts";
import { withTrust } from "../../../../src/methods/aand/paper/amplify-weights.ts";
import { createDistillStage } from "../../../../src/methods/aand/paper/distill-stage.ts";
import { createFeatureAccumulator, standardizationWeights } from "../../../../src/methods/shared/whiten.ts";
import { relativeDifference, runTf } from "../../../contract/run-network.ts";

const LEVELS = [
  { level: 2, shape: { c: 8, h: 8, w: 8 } },
  { level: 3, shape: { c: 16, h: 4, w: 4 } },
];
const PICTURE = { width: 64, height: 64 };
const BATCH = 4;
const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };

const random = createRandom(4);
const kept: tf.Tensor[] = [];
const keep = <T extends tf.Tensor>(tensor: T): T => {
  kept.push(tensor);
  return tensor;
};
afterAll(() => {
  tf.dispose(kept);
});

/** Masks with one box a picture, and features whose channels move inside it. */
const masks = keep(boxMasks());
const anomalous = LEVELS.map(({ shape: { c, h, w } }) => {
  const inside = tf.avgPool(masks, PICTURE.height / h, PICTURE.height / h, "valid");
  const noise = gaussian([BATCH, h, w, c]);
  return keep(
    tf.add<tf.Tensor4D>(
      noise,
      tf.mul(tf.tensor1d(Array.from({ length: c }, (_, i) => (i % 3) - 1)), tf.mul(inside, 2)),
    ),
  );
});
const batch = { features: anomalous, masks, foregrounds: null, step: 0 };
/** Features of normal pictures: a picture-wide pattern and little noise, so that a student can learn them. */
const normals = LEVELS.map(({ shape: { c, h, w } }) => {
  const pattern = gaussian([1, h, w, c]);
  return keep(tf.add<tf.Tensor4D>(pattern, tf.mul(gaussian([BATCH, h, w, c]), 0.2)));
});

function gaussian(shape: [number, number, number, number]): tf.Tensor4D {
  const length = shape.reduce((product, size) => product * size, 1);
  return tf.tensor4d(
    Float32Array.from({ length }, () => normal(random)),
    shape,
  );
}

function boxMasks(): tf.Tensor4D {
  const data = new Float32Array(BATCH * 64 * 64);
  for (let image = 0; image < BATCH; image++) {
    const at = 16 * (image % 3);
    for (let y = at; y < at + 24; y++)
      data.fill(1, (image * 64 + y) * 64 + at, (image * 64 + y) * 64 + at + 24);
  }
  return tf.tensor4d(data, [BATCH, 64, 64, 1]);
}

const config = aandSchema.parse({ name: "aand", form: "paper", amplify: { hidden: 2, memory: 6 } });

/** Losses of the first and of the last step. */
function train(
  variables: Parameters<typeof trainStep>[0],
  steps: number,
  loss: () => tf.Scalar,
): [number, number] {
  const adam = createAdam(ADAM);
  const first = trainStep(variables, adam, 5e-3, loss);
  let last = first;
  for (let step = 1; step < steps; step++) last = trainStep(variables, adam, 5e-3, loss);
  adam.dispose();
  return [first, last];
}

function standardizationOf(features: readonly tf.Tensor4D[]) {
  return standardizationWeights(
    new Map(
      LEVELS.map(({ level, shape }, at) => {
        const accumulator = createFeatureAccumulator(shape.c);
        accumulator.add(features[at]!.dataSync() as Float32Array);
        return [level, accumulator.result()];
      }),
    ),
  );
}

type Amplify = Partial<(typeof config)["amplify"]>;

describe("createAmplifyStage", () => {
  it("learns to open the gate on synthetic defects, and gives keys of length 1", () => {
    const stage = createAmplifyStage({ levels: LEVELS, config, seed: 1 });
    const [first, last] = train(stage.variables, 40, () => stage.loss(batch));
    expect(last).toBeLessThan(0.5 * first);
    const gate = tf.tidy(() => stage.gates(anomalous)[1]!);
    const inside = tf.tidy(() => tf.greater(tf.avgPool(masks, 16, 16, "valid"), 0.3).dataSync());
    const values = gate.dataSync();
    const mean = (wanted: number) => {
      const chosen = [...values].filter((_, at) => Number(inside[at]) === wanted);
      return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
    };
    expect(mean(1)).toBeGreaterThan(mean(0) + 0.3);
    const keys = stage.trainedWeights().get("raa.3.keys.weight")!;
    expect(Math.hypot(...keys.data.subarray(0, 16))).toBeCloseTo(1, 5);
    tf.dispose(gate);
    stage.dispose();
  });

  it("begins the same for the same seed, and goes on from the weights of an interrupted run", () => {
    const lossOf = (seed: number, saved?: Weights): number => {
      const stage = createAmplifyStage({ levels: LEVELS, config, seed });
      if (saved) stage.variables.assign(saved);
      const loss = tf.tidy(() => stage.loss({ ...batch, foregrounds: masks }).dataSync()[0]!);
      stage.dispose();
      return loss;
    };
    const stage = createAmplifyStage({ levels: LEVELS, config, seed: 2 });
    expect(lossOf(2)).toBe(lossOf(2));
    expect(lossOf(3)).not.toBe(lossOf(2));
    expect(lossOf(3, stage.variables.toWeights())).toBe(lossOf(2));
    stage.dispose();
  });
});

describe("every number of an ablation changes what is learned", () => {
  const amplifyLossWith = (amplify: Amplify): number => {
    const stage = createAmplifyStage({
      levels: LEVELS,
      config: { amplify: { ...config.amplify, ...amplify } },
      seed: 1,
    });
    const loss = tf.tidy(() => stage.loss(batch).dataSync()[0]!);
    stage.dispose();
    return loss;
  };
  it.each<Amplify>([
    { margin: 0.5 },
    { memory: 3 },
    { temperature: 0.5 },
    { hidden: 1 },
    { residual: "sigmoid" },
    { residual: "free" },
  ])("stage 1: %j", (changed) => {
    expect(Math.abs(amplifyLossWith(changed) / amplifyLossWith({}) - 1)).toBeGreaterThan(1e-4);
  });

  const distillLossWith = (distill: Partial<(typeof config)["distill"]>): number => {
    const stage = createDistillStage({
      levels: LEVELS,
      config: { ...config, distill: { ...config.distill, ...distill } },
      seed: 5,
      amplify: firstAmplifier(),
      standardization: standardizationOf(normals),
      mapSize: PICTURE,
    });
    const loss = tf.tidy(() => stage.loss(normals).dataSync()[0]!);
    stage.dispose();
    return loss;
  };
  it("stage 2: the hard term adds, more by its weight, less by a larger K, and is off at weight 0", () => {
    const flat = distillLossWith({ hardWeight: 0 });
    const [paper, half] = [distillLossWith({ hardWeight: 1 }), distillLossWith({ hardWeight: 0.5 })];
    expect(paper).toBeGreaterThan(flat);
    expect(paper - flat).toBeCloseTo(2 * (half - flat), 4);
    const [one, all] = [1, 64].map((hardLocations) => distillLossWith({ hardWeight: 1, hardLocations }));
    expect(one).toBeGreaterThan(paper);
    expect(all).toBeLessThan(paper);
    expect(distillLossWith({ hardWeight: 0, hardLocations: 1 })).toBe(flat);
  });
});

/** Stage 1's weights as they are at its begin. */
function firstAmplifier(): Weights {
  const stage = createAmplifyStage({ levels: LEVELS, config, seed: 1 });
  const weights = stage.trainedWeights();
  stage.dispose();
  return weights;
}

describe("createDistillStage", () => {
  const amplified = firstAmplifier();
  const stageWith = (amplify: Weights | null, ablation: Amplify = {}) =>
    createDistillStage({
      levels: LEVELS,
      config: { ...config, amplify: { ...config.amplify, ...ablation } },
      seed: 5,
      amplify,
      standardization: standardizationOf(normals),
      mapSize: PICTURE,
    });
  const scored = (amplify: Weights | null, ablation: Amplify = {}) => {
    const stage = stageWith(amplify, ablation);
    const values = Float32Array.from(tf.tidy(() => stage.map(anomalous).dataSync()));
    stage.dispose();
    return values;
  };
  const trusted = (trust: number) => withTrust(amplified, new Map(LEVELS.map(({ level }) => [level, trust])));

  it("scores as the unamplified teacher does at trust 0, and otherwise at trust 1", () => {
    const plain = scored(null);
    expect(relativeDifference(scored(trusted(0)), plain)).toBeLessThan(1e-5);
    expect(relativeDifference(scored(trusted(1)), plain)).toBeGreaterThan(1e-3);
  });

  it("ablations differ: the generator alone ignores the gate, the gate alone ignores the student, residual forms differ", () => {
    const whole = scored(trusted(1));
    const generator = scored(trusted(1), { use: "generator" });
    expect(relativeDifference(scored(trusted(0), { use: "generator" }), generator)).toBeLessThan(1e-6);
    expect(relativeDifference(generator, whole)).toBeGreaterThan(1e-3);
    const gate = scored(trusted(1), { use: "gate" });
    expect(Math.max(...gate)).toBeLessThanOrEqual(LEVELS.length);
    for (const residual of ["sigmoid", "free"] as const)
      expect(relativeDifference(scored(trusted(1), { residual }), whole)).toBeGreaterThan(1e-4);
  });

  it.each(["compact", "reverse"] as const)(
    "%s student learns normals, and frozen weights stay",
    (student) => {
      const stage = createDistillStage({
        levels: LEVELS,
        config: { ...config, student },
        seed: 5,
        amplify: amplified,
        standardization: standardizationOf(normals),
        mapSize: PICTURE,
      });
      const [first, last] = train(stage.variables, 40, () => stage.loss(normals));
      expect(last).toBeLessThan(0.7 * first);
      const trained = stage.trained().weights;
      for (const [name, weight] of amplified) expect(trained.get(name)).toEqual(weight);
      stage.dispose();
    },
  );

  it("gives maps that rise where features are unlike normals, the same as the network it exports", () => {
    const stage = createDistillStage({
      levels: LEVELS,
      config,
      seed: 5,
      amplify: null,
      standardization: standardizationOf(normals),
      mapSize: PICTURE,
    });
    train(stage.variables, 60, () => stage.loss(normals));
    const defective = normals.map((feature, at) => tf.add<tf.Tensor4D>(feature, anomalous[at]!));
    const [calm, raised] = [normals, defective].map((features) => {
      const map = tf.tidy(() => stage.map(features));
      const data = Float32Array.from(map.dataSync());
      tf.dispose(map);
      return data;
    });
    const highest = (map: Float32Array) => map.reduce((a, b) => Math.max(a, b), -Infinity);
    expect(highest(raised!)).toBeGreaterThan(1.3 * highest(calm!));
    const { network, weights } = stage.trained();
    const firstPicture = normals.map((feature, at) => {
      const planes = tf.tidy(() => tf.transpose(tf.slice(feature, 0, 1), [0, 3, 1, 2]).dataSync());
      return { shape: LEVELS[at]!.shape, data: Float32Array.from(planes) };
    });
    const [exported] = runTf(network, weights, firstPicture);
    expect(relativeDifference(exported!, calm!.subarray(0, 64 * 64))).toBeLessThan(1e-4);
    tf.dispose(defective);
    stage.dispose();
  });

  it("refuses to begin without the standardisation of a level", () => {
    const options = {
      levels: LEVELS,
      config,
      seed: 5,
      amplify: amplified,
      standardization: new Map(),
      mapSize: PICTURE,
    };
    expect(() => createDistillStage(options)).toThrow(/standardize/);
  });
});
