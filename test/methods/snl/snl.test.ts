import { describe, expect, it } from "vitest";
import { snlSchema, type SnlConfig } from "../../../src/config/method-schema.ts";
import { countCost } from "../../../src/graph/cost.ts";
import { createAdam } from "../../../src/graph/adam.ts";
import { createRandom, normal } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import { trainStep } from "../../../src/graph/train-step.ts";
import type { FeatureBatches } from "../../../src/methods/method.ts";
import { structureLoss } from "../../../src/methods/snl/snl-losses.ts";
import { snlNetwork } from "../../../src/methods/snl/snl-network.ts";
import { snl } from "../../../src/methods/snl/snl.ts";
import { randomMap, randomWeights, relativeDifference, runOnnx, runTf } from "../../contract/run-network.ts";

const SIZE = { width: 64, height: 64 };
const LEVELS = [
  { level: 2, shape: { c: 12, h: 8, w: 8 } },
  { level: 3, shape: { c: 16, h: 4, w: 4 } },
];
const SHAPES = LEVELS.map(({ shape }) => shape);
const BATCH = 8;
const TIMEOUT = 90_000;
const FORMS: readonly Partial<SnlConfig>[] = [
  { student: "compact", features: "standardized" },
  { student: "compact", features: "raw" },
  { student: "reverse", features: "standardized" },
  { student: "reverse", features: "raw" },
];
const configOf = (form: Partial<SnlConfig>): SnlConfig =>
  snlSchema.parse({ name: "snl", centers: 8, ...form });

/** Features of two products in turn: each has a pattern of its own, and little noise. */
function twoProducts(): Float32Array[] {
  const random = createRandom(4);
  return SHAPES.map(({ c, h, w }) => {
    const patterns = [0, 1].map(() => Float32Array.from({ length: c * h * w }, () => 1 + normal(random)));
    const images = Array.from({ length: BATCH }, (_, image) =>
      patterns[image % 2]!.map((value) => value + 0.2 * normal(random)),
    );
    return Float32Array.from(images.flatMap((image) => [...image]));
  });
}

// eslint-disable-next-line @typescript-eslint/require-await -- one batch that is there already, in the form that methods read
async function* once(records: readonly Float32Array[]): FeatureBatches {
  yield records;
}

describe("SNL", () => {
  it.each(FORMS)(
    "learns two products at once with %j",
    async (form) => {
      const config = configOf(form);
      const training = snl(config).begin({ levels: LEVELS, mapSize: SIZE, seed: 2 });
      const records = twoProducts();
      await training.prepare(once(records));
      expect(await training.measureTrust(once(records))).toBe("no amplifier");
      const stage = training.beginDistill();
      if (stage === null) throw new Error("SNL has a stage 2");
      const features = records.map((record, at) => {
        const { c, h, w } = SHAPES[at]!;
        return tf.tensor4d(record, [BATCH, h, w, c]);
      });
      const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
      const batch = { features, pictures: null, mask: null, foreground: null, wide: 0 };
      const losses = Array.from({ length: 40 }, (_, step) =>
        trainStep(stage.variables, adam, 5e-3, () => stage.loss(batch, step)),
      );
      expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
      adam.dispose();
      tf.dispose(features);
      training.dispose();
    },
    TIMEOUT,
  );

  it.each(FORMS)("gives the same map in tfjs and ONNX Runtime with %j", async (form) => {
    const network = snlNetwork(LEVELS, configOf(form), SIZE);
    const random = createRandom(8);
    const weights = randomWeights(network, SHAPES, random);
    const maps = SHAPES.map((shape) => randomMap(shape, random));
    const [expected] = runTf(network, weights, maps);
    const [actual] = await runOnnx(network, weights, maps);
    expect(relativeDifference(actual!, expected!)).toBeLessThan(1e-4);
    expect(countCost(network, SHAPES).outputs).toEqual([{ c: 1, h: 64, w: 64 }]);
  });
});

describe("structureLoss", () => {
  const features = (): tf.Tensor4D[] =>
    SHAPES.map(({ c, h, w }) => tf.randomNormal([4, h, w, c], 0, 1, "float32", 3));
  const valueOf = (make: () => tf.Scalar): number => tf.tidy(() => make().dataSync()[0]!);

  it("is 0 where the student says what the teacher says, and finite where a feature is 0", () => {
    expect(valueOf(() => structureLoss(features(), features()))).toBeCloseTo(0, 5);
    const nothing = (): tf.Tensor4D[] => features().map((feature) => tf.zerosLike(feature));
    expect(valueOf(() => structureLoss(features(), nothing()))).toBeGreaterThan(1);
    const gradient = tf.tidy(() => {
      const [first, ...others] = nothing();
      const grad = tf.grad((x: tf.Tensor) => structureLoss(features(), [x as tf.Tensor4D, ...others]));
      return [...grad(first!).dataSync()];
    });
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});
