import { beforeAll, describe, expect, it } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { createRandom } from "../../src/graph/random.ts";
import { tf } from "../../src/graph/tf.ts";
import { createMethod } from "../../src/methods/registry.ts";
import { renderPart } from "../../src/simulator/product.ts";
import { BATCH, inputsOf, learn, SIDE, SIZE, type Learned, type Lesson, type Seen } from "./learn.ts";
import { randomWeights, relativeDifference, runOnnx, runTf } from "./run-network.ts";
import { SMALL_METHODS, titleOf } from "./small-methods.ts";

/**
 * What every method must do, run on each: the stages in order, the same weights from the same seed, one anomaly map, and the
 * exported network text giving the trainer's numbers.
 */

const TIMEOUT = 60_000;
const BACKBONE = backboneByName("efficientnet-lite0");

/** Rendered parts, seen by a teacher of random weights. */
let lesson: Lesson;

beforeAll(() => {
  const teacher = teacherNetwork(BACKBONE);
  const random = createRandom(3);
  const shape = { c: 3, h: SIDE, w: SIDE };
  const weights = new Map([...randomWeights(teacher, [shape], random), ...normalizationWeights(BACKBONE)]);
  const see = (index: number, content: "normal" | "mixed"): Seen => {
    const { data } = renderPart({ index, seed: 4, size: SIZE, content, defectShare: 1 });
    const picture = {
      shape,
      data: channelsFirst(
        Float32Array.from(data, (value) => value / 255),
        SIDE,
        3,
      ),
    };
    const features = runTf(teacher, weights, [picture]);
    const levels = BACKBONE.levels(SIZE).map((level, at) => ({ shape: level.shape, data: features[at]! }));
    return { picture, levels };
  };
  const many = (count: number, from: number, content: "normal" | "mixed"): Seen[] =>
    Array.from({ length: count }, (_, at) => see(from + at, content));
  lesson = {
    backbone: BACKBONE,
    normals: many(10, 0, "normal"),
    heldOut: many(4, 10, "normal"),
    spoiled: many(BATCH, 14, "mixed"),
  };
}, TIMEOUT);

describe.each(SMALL_METHODS.map((config) => ({ title: titleOf(config), config })))("$title", ({ config }) => {
  let learned: Learned;
  beforeAll(async () => {
    learned = await learn(config, lesson, 7);
  }, TIMEOUT);

  it("says what it has of both stages, and has it", () => {
    const method = createMethod(config);
    expect([learned.amplified, learned.distilled]).toEqual([
      method.amplify !== null,
      method.distill !== null,
    ]);
    expect(learned.losses.every(Number.isFinite)).toBe(true);
    expect(learned.trust).not.toBe("");
  });

  it("gives one anomaly map of the picture's size, the same in tfjs and in ONNX Runtime", async () => {
    const { network, weights } = learned.trained;
    for (const seen of [lesson.heldOut[0]!, lesson.spoiled[0]!]) {
      const inputs = inputsOf(config, seen);
      const [map, ...more] = runTf(network, weights, inputs);
      expect([map?.length, more.length]).toEqual([SIDE * SIDE, 0]);
      const [exported] = await runOnnx(network, weights, inputs);
      expect(relativeDifference(exported!, map!)).toBeLessThan(1e-3);
    }
  });

  it(
    "learns the same from the same seed, and leaves no tensors",
    async () => {
      const before = tf.memory().numTensors;
      const again = await learn(config, lesson, 7);
      expect(tf.memory().numTensors).toBe(before);
      expect([...again.trained.weights.keys()]).toEqual([...learned.trained.weights.keys()]);
      for (const [name, weight] of again.trained.weights)
        expect(relativeDifference(weight.data, learned.trained.weights.get(name)!.data), name).toBeLessThan(
          1e-4,
        );
    },
    TIMEOUT,
  );
});

/** [C, H, W] of [H, W, C], a square picture. */
function channelsFirst(data: Float32Array, side: number, channels: number): Float32Array {
  return data.map((_, at) => {
    const [channel, pixel] = [Math.floor(at / (side * side)), at % (side * side)];
    return data[pixel * channels + channel]!;
  });
}
