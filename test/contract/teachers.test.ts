import { describe, expect, it } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { recognizeBackbone } from "../../src/backbones/recognize.ts";
import { backboneByName, BACKBONES } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import { createRandom } from "../../src/graph/random.ts";
import { BATCH, inputsOf, learn, SIDE, SIZE, type Lesson, type Seen } from "./learn.ts";
import { randomMap, randomWeights, relativeDifference, runOnnx, runTf } from "./run-network.ts";
import { SMALL_METHODS, titleOf } from "./small-methods.ts";

/** What every teacher must do, run on each of the registry, without the weights of any file. */

const TIMEOUT = 60_000;
const PICTURE = { c: 3, h: SIDE, w: SIDE };

describe.each(BACKBONES.map((backbone) => ({ name: backbone.name, backbone })))("$name", ({ backbone }) => {
  const weights = randomWeights(backbone.features, [PICTURE], createRandom(6));

  it("gives three levels of the shapes that it says, odd sides rounded up", () => {
    for (const size of [SIZE, { width: 100, height: 72 }]) {
      const shapes = backbone.levels(size).map(({ shape }) => shape);
      expect(countCost(backbone.features, [{ c: 3, h: size.height, w: size.width }]).outputs).toEqual(shapes);
    }
  });

  it("is recognised from its weights and the name of their file", () => {
    expect(recognizeBackbone(weights, `${backbone.name}.pth`).backbone).toBe(backbone);
  });

  it(
    "sees the same in tfjs and in ONNX Runtime",
    async () => {
      const all = new Map([...weights, ...normalizationWeights(backbone)]);
      const picture = randomMap(PICTURE, createRandom(2));
      const expected = runTf(teacherNetwork(backbone), all, [picture]);
      for (const [at, level] of (await runOnnx(teacherNetwork(backbone), all, [picture])).entries())
        expect(relativeDifference(level, expected[at]!)).toBeLessThan(1e-4);
    },
    TIMEOUT,
  );
});

/** Teachers with levels of their own; the others' have the same shapes. */
const UNLIKE = ["efficientnet-lite0", "efficientnet-lite2", "resnet18", "wide_resnet50_2"].map(
  backboneByName,
);
const CASES = UNLIKE.flatMap((backbone) =>
  SMALL_METHODS.map((config) => ({ title: `${titleOf(config)} on ${backbone.name}`, backbone, config })),
);

describe("every method learns from teachers of all shapes, and its map is the same in ONNX Runtime", () => {
  it.each(CASES)(
    "$title",
    async ({ backbone, config }) => {
      const random = createRandom(9);
      const see = (): Seen => ({
        picture: randomMap(PICTURE, random),
        levels: backbone.levels(SIZE).map(({ shape }) => randomMap(shape, random)),
      });
      const some = (count: number): Seen[] => Array.from({ length: count }, see);
      const lesson: Lesson = { backbone, normals: some(6), heldOut: some(2), spoiled: some(BATCH) };
      const { trained, losses } = await learn(config, lesson, 3);
      expect(losses.every(Number.isFinite)).toBe(true);
      const inputs = inputsOf(config, lesson.heldOut[0]!);
      const [map] = runTf(trained.network, trained.weights, inputs);
      const [exported] = await runOnnx(trained.network, trained.weights, inputs);
      expect(map).toHaveLength(SIDE * SIDE);
      expect(relativeDifference(exported!, map!)).toBeLessThan(1e-3);
    },
    TIMEOUT,
  );
});
