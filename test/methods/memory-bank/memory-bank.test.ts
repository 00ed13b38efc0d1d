import { describe, expect, it } from "vitest";
import { memoryBankSchema } from "../../../src/config/method-schema.ts";
import { createRandom, normal } from "../../../src/graph/random.ts";
import { tf } from "../../../src/graph/tf.ts";
import { memoryBank } from "../../../src/methods/memory-bank/memory-bank.ts";
import type { TrainedMethod } from "../../../src/methods/method.ts";
import { type PictureMap, relativeDifference, runOnnx, runTf } from "../../contract/run-network.ts";

const LEVELS = [
  { level: 2, shape: { c: 6, h: 8, w: 8 } },
  { level: 3, shape: { c: 10, h: 4, w: 4 } },
];
const PICTURE = { width: 64, height: 64 };
const KINDS = ["patches", "gaussian"] as const;

/** Features of good parts, channels first: a pattern that depends on the place and little noise. */
function goodPart(random: () => number): PictureMap[] {
  return LEVELS.map(({ shape }) => {
    const { c, h, w } = shape;
    const data = Float32Array.from(
      { length: c * h * w },
      (_, at) => 3 * Math.sin(at * 0.37 + c) + 0.3 * normal(random),
    );
    return { shape, data };
  });
}

/** As the feature file gives them: [n, H, W, C] a level. */
function records(parts: readonly PictureMap[][]): Float32Array[] {
  return LEVELS.map(({ shape: { c, h, w } }, level) =>
    Float32Array.from({ length: parts.length * c * h * w }, (_, at) => {
      const [part, place, channel] = [Math.floor(at / (c * h * w)), Math.floor(at / c) % (h * w), at % c];
      return parts[part]![level]!.data[channel * h * w + place]!;
    }),
  );
}

const random = createRandom(12);
const normals = Array.from({ length: 24 }, () => goodPart(random));
const heldOut = Array.from({ length: 6 }, () => goodPart(random));

async function* batches(parts: readonly PictureMap[][], size = 5) {
  for (let start = 0; start < parts.length; start += size)
    yield await Promise.resolve(records(parts.slice(start, start + size)));
}

async function trained(kind: (typeof KINDS)[number], seed = 1): Promise<TrainedMethod> {
  const method = memoryBank(memoryBankSchema.parse({ name: "memory-bank", kind, patches: 200 }));
  const training = method.begin({ levels: LEVELS, mapSize: PICTURE, seed });
  await training.prepare(batches(normals));
  expect(await training.measureTrust(batches(heldOut))).toMatch(
    kind === "patches" ? /200 patches/ : /16 comp/,
  );
  expect([training.amplify, training.beginDistill()]).toEqual([null, null]);
  const result = training.trained();
  training.dispose();
  return result;
}

const highest = (map: Float32Array): number => map.reduce((a, b) => Math.max(a, b), -Infinity);

describe.each(KINDS)("memory bank of %s", (kind) => {
  it("tells an odd place from good parts that it never saw, at the right place", async () => {
    const { network, weights } = await trained(kind);
    const map = (part: PictureMap[]): Float32Array => runTf(network, weights, part)[0]!;
    const calm = Math.max(...heldOut.map((part) => highest(map(part))));
    const odd = goodPart(random);
    for (let channel = 0; channel < 6; channel++)
      odd[0]!.data[channel * 64 + 5 * 8 + 2]! += channel % 2 === 0 ? 5 : -5;
    const values = map(odd);
    expect(highest(values)).toBeGreaterThan(1.3 * calm);
    const place = values.indexOf(highest(values));
    expect(Math.abs(Math.floor(place / 64) - 45)).toBeLessThan(9); // 45 = 63 · 5 / 7
    expect(Math.abs((place % 64) - 18)).toBeLessThan(9);
  });

  it("is the same in tfjs and ONNX Runtime, also on a picture that the bank holds", async () => {
    const { network, weights } = await trained(kind);
    for (const part of [heldOut[0]!, normals[0]!]) {
      const [expected] = runTf(network, weights, part);
      const [exported] = await runOnnx(network, weights, part);
      expect(relativeDifference(exported!, expected!)).toBeLessThan(1e-4);
    }
  });

  it("is the same for the same seed", async () => {
    const [first, again] = [await trained(kind), await trained(kind)];
    expect(again.weights).toEqual(first.weights);
  });

  it("holds no tensors when it is done", async () => {
    const before = tf.memory().numTensors;
    await trained(kind);
    expect(tf.memory().numTensors).toBe(before);
  });
});
