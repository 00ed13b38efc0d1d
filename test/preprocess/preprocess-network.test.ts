import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { hideIgnored } from "../../src/preprocess/ignored-places.ts";
import {
  preprocessNetwork,
  preprocessWeights,
  type Preprocess,
} from "../../src/preprocess/preprocess-network.ts";
import { runOnnx, runTf } from "../contract/run-network.ts";

const SIZE = { width: 64, height: 32 };
const PIXELS = SIZE.width * SIZE.height;
const random = createRandom(3);
const rgb = Uint8Array.from({ length: 3 * PIXELS }, () => 40 + 150 * random());
const ignored = {
  inside: Uint8Array.from({ length: PIXELS }, (_, at) => (at % SIZE.width < 40 ? 1 : 0)),
  fill: new Uint8Array(3 * PIXELS).fill(90),
};

/** [3, H, W] in 0..1 */
function planes(picture: Uint8Array, gain = 1) {
  const data = Float32Array.from({ length: 3 * PIXELS }, (_, at) => {
    return (gain * picture[3 * (at % PIXELS) + Math.floor(at / PIXELS)]!) / 255;
  });
  return { shape: { c: 3, h: SIZE.height, w: SIZE.width }, data };
}

function prepared(preprocess: Preprocess, picture: ReturnType<typeof planes>): Float32Array {
  return runTf(preprocessNetwork(preprocess), preprocessWeights(preprocess, SIZE), [picture])[0]!;
}

const meanOf = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at]!)), 0);

describe("preprocessing in the graph", () => {
  it.each<Preprocess>([
    { ignored: null, light: null },
    { ignored: null, light: { kind: "gain", target: 0.4 } },
    { ignored, light: { kind: "local", target: 0.4 } },
    { ignored: null, light: { kind: "contrast" } },
    { ignored, light: null },
  ])("is the same in tfjs and ONNX Runtime: $light", async (preprocess) => {
    const weights = preprocessWeights(preprocess, SIZE);
    const network = preprocessNetwork(preprocess);
    const [onnx] = await runOnnx(network, weights, [planes(rgb)]);
    expect(largest(onnx!, prepared(preprocess, planes(rgb)))).toBeLessThan(1e-5);
  });

  it("hides ignored places as the tiles' way does, so that nothing there changes anything", () => {
    const hidden = hideIgnored(rgb, ignored);
    const inGraph = prepared({ ignored, light: null }, planes(rgb));
    expect(largest(inGraph, planes(hidden).data)).toBeLessThanOrEqual(0.501 / 255); // the tiles' way rounds
    const spoiled = rgb.map((value, at) => (ignored.inside[Math.floor(at / 3)] === 0 ? 255 - value : value));
    const light = { kind: "gain", target: 0.4 } as const;
    expect(prepared({ ignored, light }, planes(spoiled))).toEqual(prepared({ ignored, light }, planes(rgb)));
  });

  it("hides with what is as bright as the picture", () => {
    const both = { ignored, light: { kind: "gain", target: 0.4 } } as const;
    const [bright, dark] = [1, 0.7].map((gain) => prepared(both, planes(rgb, gain)));
    expect(largest(bright!, dark!)).toBeLessThan(0.02);
  });

  it("gives pictures of other light the same mean (gain)", () => {
    const light = { kind: "gain", target: 0.4 } as const;
    const [bright, dark] = [1.2, 0.7].map((gain) => prepared({ ignored: null, light }, planes(rgb, gain)));
    expect(meanOf(bright!)).toBeCloseTo(0.4, 1);
    expect(Math.abs(meanOf(bright!) - meanOf(dark!))).toBeLessThan(0.02);
    expect(Math.abs(meanOf(planes(rgb, 1.2).data) - meanOf(planes(rgb, 0.7).data))).toBeGreaterThan(0.2);
  });

  it("takes a slow shadow away and leaves a small spot (local)", () => {
    const light = { kind: "local", target: 0.4 } as const;
    const flat = new Uint8Array(3 * PIXELS).fill(120);
    const shadowed = flat.map((_, at) => 160 - 80 * ((Math.floor(at / 3) % SIZE.width) / SIZE.width));
    const spotAt = 3 * (16 * SIZE.width + 32);
    shadowed[spotAt] = shadowed[spotAt + 1] = shadowed[spotAt + 2] = 200;
    const light1 = prepared({ ignored: null, light }, planes(shadowed));
    const [left, right] = [light1[16 * SIZE.width + 8]!, light1[16 * SIZE.width + 56]!];
    expect(Math.abs(left - right)).toBeLessThan(0.08);
    expect(light1[16 * SIZE.width + 32]! - light1[16 * SIZE.width + 30]!).toBeGreaterThan(0.2);
  });
});
