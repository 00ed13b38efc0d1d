import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/graph/random.ts";
import { lightNetwork } from "../../src/preprocess/light.ts";
import { relativeDifference, runOnnx, runTf, type PictureMap } from "../contract/run-network.ts";

const SHAPE = { c: 3, h: 32, w: 64 };
const VALUES = 3 * 32 * 64;
const contrast = lightNetwork({ kind: "contrast" });

/** Noise of this mean and deviation, in 0..1. */
function picture(mean: number, deviation: number): PictureMap {
  const random = createRandom(5);
  const data = Float32Array.from(
    { length: VALUES },
    () => mean + deviation * Math.sqrt(12) * (random() - 0.5),
  );
  return { shape: SHAPE, data };
}

function momentsOf(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

const evened = (before: PictureMap): Float32Array => runTf(contrast, new Map(), [before])[0]!;

describe("light: contrast", () => {
  it.each([
    [0.3, 0.15],
    [0.5, 0.1],
    [0.7, 0.05],
  ])("brings a picture of mean %f and deviation %f to mean 0.45 and deviation 0.2", (mean, deviation) => {
    const after = momentsOf(evened(picture(mean, deviation)));
    expect(after.mean).toBeCloseTo(0.45, 4);
    expect(after.deviation).toBeGreaterThan(0.9 * 0.2); // a little less: noise of flat pictures is not blown up
    expect(after.deviation).toBeLessThan(0.2);
  });

  it("makes pictures of one part in other light nearly equal", () => {
    const [bright, dark] = [evened(picture(0.6, 0.15)), evened(picture(0.4, 0.1))];
    expect(relativeDifference(dark, bright)).toBeLessThan(0.02);
  });

  it("leaves a flat picture flat, black and white too, the same in ONNX Runtime", async () => {
    for (const value of [0, 0.5, 1]) {
      const flat = { shape: SHAPE, data: new Float32Array(VALUES).fill(value) };
      const [inOnnx] = await runOnnx(contrast, new Map(), [flat]);
      for (const after of [evened(flat), inOnnx!])
        expect(after.every((each) => Math.abs(each - 0.45) < 1e-3)).toBe(true);
    }
  });

  it("does not blow up the noise of a nearly flat picture", () => {
    expect(momentsOf(evened(picture(0.5, 0.002))).deviation).toBeLessThan(0.025);
  });
});
