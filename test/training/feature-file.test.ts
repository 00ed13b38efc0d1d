import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FeatureFile } from "../../src/training/feature-file.ts";

const SHAPES = [
  { c: 3, h: 2, w: 4 },
  { c: 2, h: 1, w: 1 },
] as const;
/** Picture `n`: level 0 holds n + channel + pixel/16, channels first; level 1 two numbers. */
const record = (n: number): Float32Array[] => [
  Float32Array.from({ length: 24 }, (_, i) => n + Math.floor(i / 8) + (i % 8) / 16),
  Float32Array.of(-n, 0.5),
];
async function* records(count: number, failAt = Infinity): AsyncGenerator<Float32Array[]> {
  for (let n = 0; n < count; n += 1) {
    if (n === failAt) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    yield await Promise.resolve(record(n));
  }
}

let folder: string;
const path = (): string => join(folder, "features.f16");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-features-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("FeatureFile", () => {
  it("gives records back by index, channels last, in the order that is asked for", async () => {
    const file = await FeatureFile.openOrMake(path(), SHAPES, 5, () => records(5));
    const [first, second] = await file.read([3, 0]);
    expect(first).toHaveLength(48);
    const at = (position: number, pixel: number, channel: number) =>
      first?.[position * 24 + pixel * 3 + channel];
    for (const [position, n] of [3, 0].entries()) {
      for (let pixel = 0; pixel < 8; pixel += 1) {
        for (let channel = 0; channel < 3; channel += 1)
          expect(at(position, pixel, channel)).toBe(n + channel + pixel / 16);
      }
    }
    expect(second).toEqual(Float32Array.of(-3, 0.5, -0, 0.5));
    await file.close();
  });

  it("gives only the levels that are asked for", async () => {
    const file = await FeatureFile.openOrMake(path(), SHAPES, 2, () => records(2));
    const coarse = file.only([1]);
    expect(coarse.shapes).toEqual([SHAPES[1]]);
    expect(await coarse.read([1, 0])).toEqual([Float32Array.of(-1, 0.5, -0, 0.5)]);
    await file.close();
  });

  it("opens a whole file without making it again", async () => {
    await (await FeatureFile.openOrMake(path(), SHAPES, 2, () => records(2))).close();
    const again = await FeatureFile.openOrMake(path(), SHAPES, 2, () => {
      throw new Error("was made again");
    });
    expect((await again.read([1]))[1]).toEqual(Float32Array.of(-1, 0.5));
    await again.close();
  });

  it("leaves nothing behind when its making fails in the middle, a full disk included", async () => {
    await expect(FeatureFile.openOrMake(path(), SHAPES, 5, () => records(5, 3))).rejects.toThrow(
      "no space left",
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it("makes a file of another length anew", async () => {
    await writeFile(path(), "cut short");
    const file = await FeatureFile.openOrMake(path(), SHAPES, 2, () => records(2));
    expect((await file.read([0]))[1]).toEqual(Float32Array.of(-0, 0.5));
    await file.close();
  });
});
