import { expect, test } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import { openSession } from "../../src/onnx/session.ts";
import { formulaWeights } from "./formula-picture.ts";
import { expectGoldenLevels, readGoldenCases } from "./golden-levels.ts";

const cases = readGoldenCases("resnet.json");

test.each(cases)("$backbone has torchvision's names, parameters and features", async (golden) => {
  const backbone = backboneByName(golden.backbone);
  const cost = countCost(backbone.features, [{ c: 3, h: golden.height, w: golden.width }]);
  expect(cost.weights).toHaveLength(golden.weights);
  expect(cost.parameters).toBe(golden.parameters);
  expect(cost.weights.every(({ name }) => backbone.owns(name))).toBe(true);
  const weights = new Map([...formulaWeights(cost.weights, golden.seed), ...normalizationWeights(backbone)]);
  const model = exportOnnx({
    name: backbone.name,
    input: { name: "image", size: golden },
    network: teacherNetwork(backbone),
    outputs: ["f1", "f2", "f3"],
    weights,
  });
  const session = await openSession({ model, providers: ["cpu"], threads: 1 });
  await expectGoldenLevels(session, golden, 1e-4);
  await session.release();
});

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
