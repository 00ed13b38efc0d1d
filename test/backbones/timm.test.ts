import { expect, test } from "vitest";
import { backboneByName } from "../../src/backbones/registry.ts";
import { expectFormulaFeatures, readGoldenCases } from "./golden-levels.ts";

test.each(readGoldenCases("timm.json"))(
  "$backbone has timm's names, parameters and features",
  expectFormulaFeatures,
);

test("timm's ports of TensorFlow's weights expect pictures in -1..1, its own training ImageNet's normalisation", () => {
  expect(backboneByName("tf_efficientnet_lite0")).toMatchObject({
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  });
  expect(backboneByName("efficientnet_lite0")).toMatchObject({ mean: [0.485, 0.456, 0.406] });
});
