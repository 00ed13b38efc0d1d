import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { recognizeBackbone } from "../../src/backbones/recognize.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { DEFAULT_TEACHER } from "../../src/backbones/teacher-import.ts";
import { readPth } from "../../src/backbones/weights/pth.ts";
import { countCost } from "../../src/graph/cost.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import { openSession } from "../../src/onnx/session.ts";
import { expectGoldenLevels, readGoldenCases } from "./golden-levels.ts";

const at256 = (name: string) => countCost(backboneByName(name).features, [{ c: 3, h: 256, w: 256 }]);

test("Lite0 to stride 16 costs 318 MMAC at 256² and has 0.685 M convolution weights (methods.md §4.3)", () => {
  const { macs, parameters, weights } = at256("efficientnet-lite0");
  expect(macs).toBe(317_739_008);
  expect(parameters).toBe(700_768);
  const convolutions = weights.filter(({ kind }) => kind === "conv");
  expect(convolutions.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0)).toBe(684_608);
});

// Counted on the modules of efficientnet-lite-pytorch 0.1.0: stem and the first 11, 15 and 15 blocks.
test.each([
  ["efficientnet-lite0", 700_768, [24, 40, 112]],
  ["efficientnet-lite1", 989_280, [24, 40, 112]],
  ["efficientnet-lite2", 1_161_584, [24, 48, 120]],
] as const)("%s has the parameters and channels of the PyTorch package", (name, parameters, channels) => {
  const cost = at256(name);
  expect(cost.parameters).toBe(parameters);
  expect(cost.outputs.map(({ c }) => c)).toEqual(channels);
});

test.each([
  [256, 256],
  [320, 224],
  [260, 250],
  [33, 47],
])("levels() says the sizes that the network gives for %i × %i", (width, height) => {
  const backbone = backboneByName("efficientnet-lite2");
  const { outputs } = countCost(backbone.features, [{ c: 3, h: height, w: width }]);
  expect(backbone.levels({ width, height }).map(({ shape }) => shape)).toEqual(outputs);
});

test("a picture side below 16 pixels is refused", () => {
  expect(() => backboneByName("efficientnet-lite0").levels({ width: 256, height: 8 })).toThrow(RangeError);
});

describe.skipIf(!existsSync(DEFAULT_TEACHER.file))(
  "with the default weights (run scripts/setup.sh if skipped)",
  () => {
    const cases = readGoldenCases("efficientnet-lite0.json");

    test.each(cases)("Lite0 gives PyTorch's features at $width × $height", async (golden) => {
      const read = await readPth(readFileSync(DEFAULT_TEACHER.file), "lite0.pth");
      const { backbone, weights } = recognizeBackbone(read, "lite0.pth");
      expect(backbone.name).toBe(golden.backbone);
      expect(weights.size).toBe(golden.weights);
      const model = exportOnnx({
        name: "lite0",
        input: { name: "image", size: golden },
        network: teacherNetwork(backbone),
        outputs: ["f1", "f2", "f3"],
        weights: new Map([...weights, ...normalizationWeights(backbone)]),
      });
      const session = await openSession({ model, providers: ["cpu"], threads: 1 });
      await expectGoldenLevels(session, golden, 1e-4);
      await session.release();
    });
  },
);
