import { describe, expect, it } from "vitest";
import { rdSchema } from "../../../src/config/method-schema.ts";
import { createAdam } from "../../../src/graph/adam.ts";
import { createRandom, normal } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import { trainStep } from "../../../src/graph/train-step.ts";
import { rd } from "../../../src/methods/rd/rd.ts";
import { relativeDifference, runOnnx, runTf } from "../../contract/run-network.ts";

const LEVELS = [
  { level: 1, shape: { c: 8, h: 16, w: 16 } },
  { level: 2, shape: { c: 12, h: 8, w: 8 } },
  { level: 3, shape: { c: 16, h: 4, w: 4 } },
];
const PICTURE = { width: 64, height: 64 };
const PICTURES = 4;
const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };

/** Features [PICTURES, H, W, C] of normal parts: one pattern for all pictures and little noise. */
function normalRecords(): Float32Array[] {
  const random = createRandom(6);
  return LEVELS.map(({ shape: { c, h, w } }) => {
    const pattern = Float32Array.from({ length: c * h * w }, () => 1 + normal(random));
    return Float32Array.from(
      { length: PICTURES * pattern.length },
      (_, at) => pattern[at % pattern.length]! + 0.2 * normal(random),
    );
  });
}

const records = normalRecords();

async function* batches() {
  yield await Promise.resolve(records);
}

const tensors = (): tf.Tensor4D[] =>
  LEVELS.map(({ shape: { c, h, w } }, at) => tf.tensor4d(records[at]!, [PICTURES, h, w, c]));

/** First picture in channels × height × width. */
const firstPicture = () =>
  LEVELS.map(({ shape }, at) => {
    const { c, h, w } = shape;
    const data = Float32Array.from(
      { length: c * h * w },
      (_, i) => records[at]![(i % (h * w)) * c + Math.floor(i / (h * w))]!,
    );
    return { shape, data };
  });

/** Maps of the first picture before and after the features of level 3 are moved at row 1, column 1 of 4. */
function calmAndSpoiled(map: (maps: ReturnType<typeof firstPicture>) => Float32Array) {
  const spoiled = firstPicture();
  for (let channel = 0; channel < 16; channel++)
    spoiled[2]!.data[channel * 16 + 5] = channel % 2 === 0 ? -4 : 4;
  return { calm: map(firstPicture()), spoiled: map(spoiled) };
}

const PLACE = 21 * 64 + 21; // 21 = 63 / 3: where row 1 and column 1 of 4 lie in the map

describe("rd", () => {
  it.each(["reverse", "compact"] as const)(
    "with the %s student learns normals by flattened cosine, then sees what is not normal",
    async (student) => {
      const method = rd(rdSchema.parse({ name: "rd", student }));
      expect(method.amplify).toBeNull();
      expect(method.distill).toEqual({ steps: 800, batch: 16, learningRate: 5e-3 });
      const training = method.begin({ levels: LEVELS, mapSize: PICTURE, seed: 1 });
      await training.prepare(batches());
      await training.measureTrust(batches());
      const stage = training.beginDistill()!;
      const batch = { features: tensors(), pictures: null, mask: null, foreground: null, wide: 0 };
      const adam = createAdam(ADAM);
      const losses = Array.from({ length: 60 }, (_, step) =>
        trainStep(stage.variables, adam, 5e-3, () => stage.loss(batch, step)),
      );
      expect(losses[0]).toBeLessThan(6); // three levels of 1 − cos, each at most 2
      expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
      const { network, weights } = training.trained();
      expect([...weights.keys()].some((name) => name.startsWith("raa."))).toBe(false);
      const { calm, spoiled } = calmAndSpoiled((maps) => runTf(network, weights, maps)[0]!);
      expect(spoiled[PLACE]! - calm[PLACE]!).toBeGreaterThan(0.15);
      const [exported] = await runOnnx(network, weights, firstPicture());
      expect(relativeDifference(exported!, calm)).toBeLessThan(1e-4);
      adam.dispose();
      tf.dispose(batch.features);
      training.dispose();
    },
  );

  it("holds no tensors after its training is disposed", async () => {
    const before = tf.memory().numTensors;
    const training = rd(rdSchema.parse({ name: "rd", student: "compact" })).begin({
      levels: LEVELS,
      mapSize: PICTURE,
      seed: 1,
    });
    await training.prepare(batches());
    training.beginDistill();
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    training.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
