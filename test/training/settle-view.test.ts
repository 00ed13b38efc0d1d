import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Light } from "../../src/preprocess/light.ts";
import { createJob } from "../../src/training/job.ts";
import { RecordFile } from "../../src/training/record-file.ts";
import { settleView } from "../../src/training/settle-view.ts";
import { quickConfig, QUICK_TRAINING } from "../e2e/quick-training.ts";

const SIDE = 64;
const BYTES = 3 * SIDE * SIDE;

/**
 * The light that is settled for flat normals.
 * @param brightness of each, 0..255   @param train numbers of those that train; default all
 */
async function lightOf(
  preprocess: object,
  brightness: readonly number[],
  train = [...brightness.keys()],
): Promise<Light | null> {
  const stateDir = await mkdtemp(join(tmpdir(), "assayd-view-"));
  onTestFinished(() => rm(stateDir, { recursive: true }));
  const pictures = await RecordFile.make(join(stateDir, "pictures.rgb"), BYTES, async function* () {
    for (const value of brightness) yield await Promise.resolve(new Uint8Array(BYTES).fill(value));
  });
  onTestFinished(() => pictures.close());
  const config = quickConfig(stateDir, {
    station: { name: "st1", stateDir, inputSize: SIDE },
    training: { ...QUICK_TRAINING, preprocess },
  });
  const job = createJob(config, { recipe: "default", normalsDir: stateDir, parent: null, now: new Date(0) });
  const products = [{ recipe: "default", first: 0, count: brightness.length }];
  const normals = { count: brightness.length, products, hash: "", words: "", pictures };
  return (await settleView(job, normals, train)).preprocess.light;
}

/** Brightnesses whose deviation is this share of their mean. */
const varying = (share: number): number[] =>
  Array.from({ length: 20 }, (_, at) => 100 * (at % 2 === 0 ? 1 + share : 1 - share));

describe("light: auto", () => {
  it("makes contrast equal where the brightness of good parts varies by more than 14 %, else nothing", async () => {
    expect(await lightOf({ light: "auto" }, varying(0.19))).toEqual({ kind: "contrast" });
    expect(await lightOf({ light: "auto" }, varying(0.17))).toBeNull();
    expect(await lightOf({ light: "auto" }, varying(0))).toBeNull();
  });

  it("is not decided by one picture that is dark, or black", async () => {
    for (const dark of [40, 0]) expect(await lightOf({ light: "auto" }, [...varying(0.03), dark])).toBeNull();
  });

  it("is the default", async () => {
    expect(await lightOf({}, varying(0.2))).toEqual({ kind: "contrast" });
  });

  it("is decided by the normals that train, not by those that are held out", async () => {
    const brightness = [...varying(0), 10, 20, 30, 40, 250, 250, 250];
    const train = [...Array(20).keys()];
    expect(await lightOf({ light: "auto" }, brightness, train)).toBeNull();
    expect(await lightOf({ light: "auto" }, brightness)).toEqual({ kind: "contrast" });
  });
});

describe("light as it is told", () => {
  it("does not look at how much good parts vary", async () => {
    expect(await lightOf({ light: "off" }, varying(0.3))).toBeNull();
    expect(await lightOf({ light: "contrast" }, varying(0))).toEqual({ kind: "contrast" });
  });

  it.each(["gain", "local"] as const)(
    "%s: brings pictures to the mean brightness of good parts",
    async (light) => {
      expect(await lightOf({ light }, varying(0.1))).toEqual({
        kind: light,
        target: expect.closeTo(100 / 255, 6) as number,
      });
    },
  );
});
