import { afterAll, describe, expect, it } from "vitest";
import { adpsSchema } from "../../../src/config/method-schema.ts";
import { createAdam } from "../../../src/graph/adam.ts";
import { createRandom } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import { trainStep } from "../../../src/graph/train-step.ts";
import { adps } from "../../../src/methods/adps/adps.ts";
import type { MethodTraining, StageBatch } from "../../../src/methods/method.ts";
import { relativeDifference, runOnnx, runTf } from "../../contract/run-network.ts";

const SIDE = 64;
const BATCH = 4;
const LEVELS = [
  { level: 2, shape: { c: 8, h: 8, w: 8 } },
  { level: 3, shape: { c: 16, h: 4, w: 4 } },
];
const config = adpsSchema.parse({ name: "adps", levels: [2, 3], patches: 4, blurSigmaPx: 2 });
const random = createRandom(9);
const kept: tf.Tensor[] = [];
const keep = <T extends tf.Tensor>(tensor: T): T => {
  kept.push(tensor);
  return tensor;
};
afterAll(() => {
  tf.dispose(kept);
});

/** Stripes, in each picture at another place. With `spoiled`, a bright box that begins at `boxAt(image)`. */
function pictures(spoiled: boolean): tf.Tensor4D {
  const data = Float32Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % SIDE;
    const image = Math.floor(i / (3 * SIDE * SIDE));
    return 0.3 + 0.1 * Math.sin(x / 2 + image) + 0.02 * random();
  });
  if (spoiled)
    for (let image = 0; image < BATCH; image++)
      for (let y = boxAt(image); y < boxAt(image) + 20; y++) {
        const start = ((image * SIDE + y) * SIDE + boxAt(image)) * 3;
        data.fill(0.9, start, start + 60);
      }
  return keep(tf.tensor4d(data, [BATCH, SIDE, SIDE, 3]));
}

const boxAt = (image: number): number => 8 + 10 * image;

/** A fixed teacher of sorts: colours and edges of the pooled picture, turned by a constant matrix. */
function teach(images: tf.Tensor4D): tf.Tensor4D[] {
  return LEVELS.map(({ shape: { c, h } }) =>
    keep(
      tf.tidy(() => {
        const pool = SIDE / h;
        const mean = tf.avgPool(images, pool, pool, "valid");
        const highest = tf.maxPool(images, pool, pool, "valid");
        const both = tf.reshape(tf.concat([mean, highest], 3), [-1, 6]);
        const turn = tf.tensor2d(
          Float32Array.from({ length: 6 * c }, (_, i) => Math.sin(3 * i + 1)),
          [6, c],
        );
        return tf.reshape(tf.matMul(both, turn), [images.shape[0], h, h, c]);
      }),
    ),
  );
}

const normal = pictures(false);
const spoiled = pictures(true);
const mask = keep(
  tf.tidy(() => {
    const red = tf.slice(spoiled, [0, 0, 0, 0], [-1, -1, -1, 1]);
    return tf.cast<tf.Tensor4D>(tf.greater(red, 0.6), "float32");
  }),
);
const batch: StageBatch = { features: teach(spoiled), pictures: spoiled, mask, foreground: null, wide: 0 };

async function begin(seed = 1): Promise<MethodTraining> {
  const training = adps(config).begin({ levels: LEVELS, mapSize: { width: SIDE, height: SIDE }, seed });
  const records = teach(normal).map((feature) => Float32Array.from(feature.dataSync()));
  await training.prepare(
    (async function* () {
      yield await Promise.resolve(records);
    })(),
  );
  return training;
}

function train({ amplify }: MethodTraining, steps: number): number[] {
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  const losses = Array.from({ length: steps }, (_, step) =>
    trainStep(amplify!.variables, adam, 5e-3, () => amplify!.loss(batch, step)),
  );
  adam.dispose();
  return losses;
}

/** One picture of a batch as the network text wants it: features, then the picture, channels first. */
const inputsOf = (features: readonly tf.Tensor4D[], images: tf.Tensor4D, image: number) =>
  [...features, images].map((tensor) => {
    const [, h, w, c] = tensor.shape;
    const one = tf.tidy(() => tf.transpose(tf.slice(tensor, image, 1), [0, 3, 1, 2]).dataSync());
    return { shape: { c, h, w }, data: Float32Array.from(one) };
  });

describe("ADPS", () => {
  it("learns to mark synthetic anomalies, calm elsewhere, the same in ONNX Runtime", async () => {
    const training = await begin();
    const losses = train(training, 30);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const { network, weights } = training.trained();
    const inputs = inputsOf(batch.features, spoiled, 1);
    const [map] = runTf(network, weights, inputs);
    const inside = map!.filter((_, at) => isInBox(at, 1));
    const outside = map!.filter((_, at) => !isInBox(at, 1));
    expect(mean(inside)).toBeGreaterThan(mean(outside) + 1);
    const calm = runTf(network, weights, inputsOf(teach(normal), normal, 1))[0]!;
    expect(highest(map!)).toBeGreaterThan(highest(calm));
    const [exported] = await runOnnx(network, weights, inputs);
    expect(relativeDifference(exported!, map!)).toBeLessThan(1e-4);
    training.dispose();
  }, 60_000);

  it("learns the same for the same seed, and something else for another", async () => {
    const lastLoss = async (seed: number): Promise<number> => {
      const training = await begin(seed);
      const loss = train(training, 3).at(-1)!;
      training.dispose();
      return loss;
    };
    const [first, again, other] = [await lastLoss(5), await lastLoss(5), await lastLoss(6)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("keeps what standardises the teacher, and has no stage 2", async () => {
    const training = await begin();
    const before = training.trained().weights;
    train(training, 3);
    const after = training.trained().weights;
    for (const [name, weight] of before)
      if (name.startsWith("standardize.")) expect(after.get(name)).toEqual(weight);
    expect(after.get("student.stem.conv.weight")).not.toEqual(before.get("student.stem.conv.weight"));
    expect(training.beginDistill()).toBeNull();
    expect(adps(config).distill).toBeNull();
    training.dispose();
  });

  it("refuses batches without pictures", async () => {
    const training = await begin();
    expect(() => training.amplify!.loss({ ...batch, pictures: null }, 0)).toThrow(/pictures and masks/);
    training.dispose();
  });
});

const isInBox = (at: number, image: number): boolean => {
  const [y, x] = [Math.floor(at / SIDE), at % SIDE];
  const start = boxAt(image) + 4; // away from the edge, which is blurred
  return y >= start && y < start + 12 && x >= start && x < start + 12;
};
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const highest = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
