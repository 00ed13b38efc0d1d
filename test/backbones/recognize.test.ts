import { expect, test } from "vitest";
import { recognizeBackbone } from "../../src/backbones/recognize.ts";
import { BACKBONES } from "../../src/backbones/registry.ts";
import { InputError } from "../../src/domain/errors.ts";
import type { Weight } from "../../src/graph/ops.ts";
import { syntheticWeights } from "./synthetic-weights.ts";

const extra: Weight = { shape: [2], data: Float32Array.of(1, 2) };

test.each(BACKBONES.map(({ name }) => name))("weights of %s are recognised as such", (name) => {
  const weights = syntheticWeights(name);
  expect(recognizeBackbone(weights, `${name}-0aa007d2.pth`).backbone.name).toBe(name);
});

test("weights that fit two backbones need a telling file name or --backbone", () => {
  const weights = syntheticWeights("efficientnet_lite0");
  expect(() => recognizeBackbone(weights, "model.safetensors")).toThrow(
    /model\.safetensors fit tf_efficientnet_lite0 and efficientnet_lite0.*--backbone/,
  );
  const wanted = recognizeBackbone(weights, "model.safetensors", "efficientnet_lite0");
  expect(wanted.backbone.name).toBe("efficientnet_lite0");
});

test("weights beyond the last level are left out", () => {
  const weights = new Map([
    ...syntheticWeights("resnet18"),
    ["layer4.0.conv1.weight", extra],
    ["fc.weight", extra],
  ]);
  const used = recognizeBackbone(weights, "file.pth").weights;
  expect(used.has("fc.weight")).toBe(false);
  expect(used.size).toBe(weights.size - 2);
});

test("a deeper network of the family (ResNet-34) is not taken for a shallower one", () => {
  const weights = new Map([...syntheticWeights("resnet18"), ["layer1.2.conv1.weight", extra]]);
  expect(() => recognizeBackbone(weights, "resnet34.pth")).toThrow(
    /resnet34\.pth do not fit .*resnet18 \(has no layer1\.2\.conv1\.weight\)/,
  );
});

test("a wrong --backbone is refused with the first difference", () => {
  const refusal = () => recognizeBackbone(syntheticWeights("resnet50"), "r50.pth", "wide_resnet50_2");
  expect(refusal).toThrow(InputError);
  expect(refusal).toThrow("needs layer1.0.conv1.weight as [128, 64, 1, 1], the file has [64, 64, 1, 1]");
});

test("an unknown backbone is refused with the list of known ones", () => {
  expect(() => recognizeBackbone(new Map(), "x.pth", "vgg16")).toThrow(
    /"vgg16".*efficientnet-lite0, .*wide_resnet50_2/,
  );
});

test("numbers that are not finite are refused", () => {
  const weights = syntheticWeights("resnet18");
  weights.get("bn1.running_var")?.data.fill(NaN);
  expect(() => recognizeBackbone(weights, "x.pth")).toThrow(
    /bn1\.running_var of x\.pth has numbers that are not finite/,
  );
});
