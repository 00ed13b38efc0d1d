import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckpointFile, keyOf, removeStale, type Checkpoint } from "../../src/training/checkpoint.ts";

const CHECKPOINT: Checkpoint = {
  step: 17,
  weights: new Map([
    ["student/conv.weight", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 1e-30, -0, 65536) }],
    ["step", { shape: [1], data: Float32Array.of(99) }], // a weight that has the name of the counter
  ]),
  optimizer: new Map([["student/conv.weight/m", { shape: [1], data: Float32Array.of(0.25) }]]),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-checkpoint-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("CheckpointFile", () => {
  it("gives back exactly what was saved, the newest of it", async () => {
    const file = new CheckpointFile(folder, "distill", "k1");
    expect(await file.load()).toBeNull();
    await file.save({ ...CHECKPOINT, step: 3 });
    await file.save(CHECKPOINT);
    expect(await file.load()).toEqual(CHECKPOINT);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("is nothing to another key or stage", async () => {
    await new CheckpointFile(folder, "distill", "k1").save(CHECKPOINT);
    expect(await new CheckpointFile(folder, "distill", "k2").load()).toBeNull();
    expect(await new CheckpointFile(folder, "amplify", "k1").load()).toBeNull();
  });

  it("is nothing when it is damaged, so that the stage begins again instead of failing for ever", async () => {
    const file = new CheckpointFile(folder, "distill", "k1");
    await file.save(CHECKPOINT);
    const [name = ""] = await readdir(folder);
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, name), bytes.subarray(0, bytes.length - 5));
    expect(await file.load()).toBeNull();
    await writeFile(join(folder, name), "");
    expect(await file.load()).toBeNull();
  });
});

describe("removeStale", () => {
  it("removes what other data or settings left, and keeps its own", async () => {
    for (const name of ["distill-aaaa.safetensors", "normals-bbbb.f16", "distill-bbbb.safetensors"]) {
      await writeFile(join(folder, name), "");
    }
    await removeStale(folder, ["bbbb"]);
    expect((await readdir(folder)).sort()).toEqual(["distill-bbbb.safetensors", "normals-bbbb.f16"]);
  });
});

describe("keyOf", () => {
  it("is the same for the same parts only", () => {
    expect(keyOf("a", { b: 1 })).toBe(keyOf("a", { b: 1 }));
    expect(keyOf("a", { b: 1 })).not.toBe(keyOf("a", { b: 2 }));
    expect(keyOf("ab", "c")).not.toBe(keyOf("a", "bc"));
  });
});
