import { expect, test } from "vitest";
import { backboneByName } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import { expectFormulaFeatures, readGoldenCases } from "./golden-levels.ts";

test.each(readGoldenCases("resnet.json"))(
  "$backbone has torchvision's names, parameters and features",
  expectFormulaFeatures,
);

// platform.md §7: the pair costs 1.83 GMAC (ResNet-18: one network) and 12.0 GMAC (wide) to layer3.
test.each([
  ["resnet18", 1_831_862_272, [64, 128, 256]],
  ["resnet50", 4_281_335_808, [256, 512, 1024]],
  ["wide_resnet50_2", 11_998_855_168, [256, 512, 1024]],
] as const)("%s costs what its layers cost at 256²", (name, macs, channels) => {
  const backbone = backboneByName(name);
  const cost = countCost(backbone.features, [{ c: 3, h: 256, w: 256 }]);
  expect(cost.macs).toBe(macs);
  expect(cost.outputs).toEqual(backbone.levels({ width: 256, height: 256 }).map(({ shape }) => shape));
  expect(cost.outputs.map(({ c }) => c)).toEqual(channels);
});
