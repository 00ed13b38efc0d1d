import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { tf } from "../../src/graph/tf.ts";
import { amplifyConstants, amplifyNetwork, unitKeys } from "../../src/methods/aand/paper/amplify-network.ts";
import { amplifyLoss, focalLoss, levelLabels } from "../../src/methods/shared/losses.ts";
import type { Weight } from "../../src/graph/ops.ts";
import { type PictureMap, runOnnx, runTf, toTensor } from "../contract/run-network.ts";
import { formulaValues } from "./formula.ts";
import { expectSampled, missingGolden, readGolden, type Sampled } from "./vectors.ts";

interface RaaGolden {
  readonly seed: number;
  readonly levels: readonly {
    readonly channels: number;
    readonly size: number;
    readonly hidden: number;
    readonly gate: Sampled;
    readonly amplified: Sampled;
    readonly amplified_with_mask_gate: Sampled;
  }[];
  readonly focal_loss: number;
  readonly amplify_loss: number;
  readonly amplify_loss_without_foreground: number;
}

const MASK_SIZE = 256;
const KEYS = 50;
const missing = missingGolden("raa.json");

/** Ones in the boxes [top, bottom, left, right), zeros elsewhere. */
function boxes(list: readonly (readonly [number, number, number, number])[]): tf.Tensor4D {
  const data = new Float32Array(MASK_SIZE * MASK_SIZE);
  for (const [top, bottom, left, right] of list)
    for (let y = top; y < bottom; y++) data.fill(1, y * MASK_SIZE + left, y * MASK_SIZE + right);
  return tf.tensor4d(data, [1, MASK_SIZE, MASK_SIZE, 1]);
}

/** Inputs and weights of the README's formula, under our names. */
function golden() {
  const vectors = readGolden("raa.json") as RaaGolden;
  const weights = new Map<string, Weight>();
  const features: PictureMap[] = [];
  const levels = vectors.levels.map(({ channels, size }, at) => ({
    level: at + 1,
    shape: { c: channels, h: size, w: size },
  }));
  for (const [at, { channels, hidden }] of vectors.levels.entries()) {
    const base = 100 * (at + 1);
    const values = (stream: number, shape: readonly number[], scale: number): Weight => ({
      shape,
      data: formulaValues(
        vectors.seed,
        stream,
        shape.reduce((product, n) => product * n, 1),
      ).map((v) => v * scale),
    });
    const widths = [channels, hidden, hidden, channels];
    for (const [name, start] of [
      ["gate", base],
      ["generator", base + 10],
    ] as const)
      for (const layer of [0, 1, 2]) {
        const [inputs, outputs] = [widths[layer]!, widths[layer + 1]!];
        const full = `raa.${at + 1}.${name}.${layer}`;
        weights.set(
          `${full}.weight`,
          values(start + 2 * layer, [outputs, inputs, 1, 1], 1.5 / Math.sqrt(inputs)),
        );
        weights.set(`${full}.bias`, values(start + 2 * layer + 1, [outputs], 0.1));
      }
    weights.set(`raa.${at + 1}.keys.weight`, values(base + 30, [2 * KEYS, channels, 1, 1], 1));
    const { shape } = levels[at]!;
    features.push({
      shape,
      data: values(base + 40, [channels, shape.h, shape.w], 1).data.map((v) => v + 0.5),
    });
  }
  const network = amplifyNetwork(levels, {
    hidden: vectors.levels[0]!.hidden / vectors.levels[0]!.channels,
    memory: KEYS,
    temperature: 0.2,
  });
  return {
    vectors,
    levels,
    features,
    network,
    weights: unitKeys(new Map([...weights, ...amplifyConstants(levels)])),
  };
}

describe.skipIf(missing)(`RAA equals the published implementation ${missing ?? ""}`, () => {
  it.each(["tfjs", "ONNX Runtime"])("gate and amplified features in %s", async (engine) => {
    const { vectors, network, features, weights } = golden();
    const outputs =
      engine === "tfjs" ? runTf(network, weights, features) : await runOnnx(network, weights, features);
    for (const [at, level] of vectors.levels.entries()) {
      expectSampled(outputs[3 * at]!, level.gate);
      expectSampled(outputs[3 * at + 2]!, level.amplified);
    }
  });

  it("hard-gated features, focal loss and amplification loss", () => {
    const { vectors, levels, network, features, weights } = golden();
    const mask = boxes([
      [40, 70, 100, 150],
      [200, 204, 10, 60],
    ]);
    const foreground = boxes([[16, 240, 16, 240]]);
    const outputs = runTf(network, weights, features);
    const parts = levels.map(({ shape }, at) => {
      const label = levelLabels(mask, shape.h, shape.w);
      const feature = toTensor(features[at]!);
      const residual = toTensor({ shape, data: outputs[3 * at + 1]! });
      const amplified = tf.add<tf.Tensor4D>(feature, tf.mul(label, residual));
      const data = tf.transpose(amplified, [0, 3, 1, 2]).dataSync() as Float32Array;
      expectSampled(data, vectors.levels[at]!.amplified_with_mask_gate);
      const gate = toTensor({ shape: { ...shape, c: 1 }, data: outputs[3 * at]! });
      return { feature, amplified, label, gate, foreground: levelLabels(foreground, shape.h, shape.w) };
    });
    const focal = focalLoss(
      parts.map(({ gate }) => gate),
      parts.map(({ label }) => label),
    );
    const random = createRandom(1);
    const inside = amplifyLoss(parts, 0.3, random);
    const everywhere = amplifyLoss(
      parts.map((part) => ({ ...part, foreground: null })),
      0.3,
      random,
    );
    const relative = (loss: tf.Scalar, value: number) => Math.abs(loss.dataSync()[0]! / value - 1);
    expect(relative(focal, vectors.focal_loss)).toBeLessThan(1e-5);
    expect(relative(inside, vectors.amplify_loss)).toBeLessThan(1e-5);
    expect(relative(everywhere, vectors.amplify_loss_without_foreground)).toBeLessThan(1e-5);
  });
});
