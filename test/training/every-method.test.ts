import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { servedRecipes } from "../../src/bundles/manifest.ts";
import { readBundle } from "../../src/bundles/read.ts";
import { configSchema } from "../../src/config/schema.ts";
import type { JobProgress, JobResult } from "../../src/domain/job.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { createMethod } from "../../src/methods/registry.ts";
import { renderPart, renderSample } from "../../src/simulator/product.ts";
import { findProduct } from "../../src/simulator/products.ts";
import { createJob } from "../../src/training/job.ts";
import { withInspector } from "../../src/training/inspector-export.ts";
import type { NormalsSource } from "../../src/training/protocol.ts";
import { runTraining } from "../../src/training/run.ts";
import { SMALL_METHODS, titleOf } from "../contract/small-methods.ts";
import { taughtNothingState } from "../e2e/quick-state.ts";
import { renderNormals, QUICK_SIZE } from "../e2e/quick-training.ts";

const TIMEOUT = 90_000;
const SIZE = { width: QUICK_SIZE, height: QUICK_SIZE };

let stateDir: string;
let reports: JobProgress[];
let offered: JobResult[];

beforeEach(async () => {
  stateDir = await taughtNothingState();
  await renderNormals(join(stateDir, "normals"), 14);
  reports = [];
  offered = [];
}, TIMEOUT);

/** Trains in this process. @param parent the recipe's model before   @param alsoFor more products */
function train(
  training: object,
  parent: string | null = null,
  alsoFor: readonly NormalsSource[] = [],
): Promise<JobResult> {
  const config = configSchema.parse({
    station: { stateDir, inputSize: QUICK_SIZE },
    training: { minImages: 8, ...training },
  });
  const request = {
    recipe: "default",
    normalsDir: join(stateDir, "normals"),
    parent,
    alsoFor,
    now: new Date(),
  };
  return runTraining(createJob(config, request), {
    signal: new AbortController().signal,
    report: (progress) => reports.push(progress),
    onInstant: (result) => offered.push(result),
  });
}

const stages = (): string[] => [...new Set(reports.map(({ stage }) => stage))];
const reportOf = ({ bundleDir }: JobResult): unknown =>
  JSON.parse(readFileSync(join(bundleDir, "report.json"), "utf8"));

describe("a job of each method", () => {
  it.each(SMALL_METHODS.map((method) => ({ title: titleOf(method), method })))(
    "$title: only the stages that it has, and a bundle whose scores ONNX Runtime gives again",
    async ({ method }) => {
      const result = await train({ method, instant: { start: "never" } });
      expect(result.parityMaxAbs).toBeLessThanOrEqual(1e-3);
      const { amplify, distill } = createMethod(method);
      expect(stages().includes("amplify")).toBe(amplify !== null);
      expect(stages().includes("synthesize")).toBe(amplify !== null);
      expect(stages().includes("distill")).toBe(distill !== null);
      expect(offered).toEqual([]);
      const { manifest, model, golden } = await readBundle(result.bundleDir);
      expect(manifest).toMatchObject({ method: { name: method.name }, parent: null });
      await withInspector(model, { size: SIZE, tiles: null, threads: 1 }, async (score) => {
        for (const { data, score: expected } of golden)
          expect((await score(data)).score).toBeCloseTo(expected, 2);
        const { data: spoiled } = renderPart({
          index: 3,
          seed: 5,
          size: SIZE,
          content: "mixed",
          defectShare: 1,
        });
        expect(Number.isFinite((await score(spoiled)).score)).toBe(true);
      });
    },
    TIMEOUT,
  );
});

it(
  "good parts that are all but one picture are refused with what was found, not as a fault of the export alone",
  async () => {
    const { data } = renderPart({ index: 0, seed: 5, size: SIZE, content: "normal", defectShare: 0 });
    for (let index = 0; index < 14; index += 1) {
      const copy = Uint8Array.from(data);
      copy[300 * index]! ^= 1;
      await writePng(join(stateDir, "normals", `${index}.png`), copy, SIZE);
    }
    await expect(train({ method: SMALL_BANK, instant: { start: "never" } })).rejects.toMatchObject({
      code: "parity",
      message: expect.stringMatching(
        /14 kept; 13 nearly equal.*collect parts as the line makes them/,
      ) as string,
    });
  },
  TIMEOUT,
);

const QUICK_AAND = SMALL_METHODS.find(({ name }) => name === "aand");
const QUICK_PAPER = SMALL_METHODS.find((method) => titleOf(method) === "aand, paper");
const SMALL_BANK = { name: "memory-bank", patches: 60 };

describe("the instant model", () => {
  it(
    "is among the bundles before the students learn, and is what the first model rolls back to",
    async () => {
      const result = await train({ method: QUICK_AAND, instant: { method: SMALL_BANK } });
      expect(stages().indexOf("instant")).toBe(2); // clean, features
      expect(offered).toHaveLength(1);
      const instant = await readBundle(offered[0]?.bundleDir ?? "");
      expect(instant.manifest).toMatchObject({
        id: `${result.bundleId}-instant`,
        method: { name: "memory-bank" },
        parent: null,
      });
      const { manifest } = await readBundle(result.bundleDir);
      expect(manifest).toMatchObject({ method: { name: "aand" }, parent: instant.manifest.id });
      const shares = reports.map(({ progress }) => progress);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
    },
    TIMEOUT,
  );

  it(
    "is not made where a model judges already, unless it is always wanted; rollback then leads past it",
    async () => {
      await train({ method: QUICK_AAND, instant: { method: SMALL_BANK } }, "an-older-one");
      expect(offered).toEqual([]);
      expect(stages()).not.toContain("instant");
      const instant = { start: "always", method: SMALL_BANK };
      const result = await train({ method: QUICK_AAND, instant, seed: 2 }, "an-older-one");
      const parents = [offered[0]?.bundleDir ?? "", result.bundleDir].map(
        async (dir) => (await readBundle(dir)).manifest.parent,
      );
      expect(await Promise.all(parents)).toEqual(["an-older-one", "an-older-one"]);
    },
    TIMEOUT,
  );
});

describe("a job of two products", () => {
  it.each(
    SMALL_METHODS.filter(({ name }) => name === "aand").map((method) => ({ title: titleOf(method), method })),
  )(
    "$title: one model with a threshold for each; fused, it is settled by held-out parts of both",
    async ({ method }) => {
      const normalsDir = join(stateDir, "gears");
      await mkdir(normalsDir);
      for (let index = 0; index < 14; index += 1) {
        const { data } = renderSample(findProduct("gear"), { index, seed: 5, size: SIZE }, null);
        await writePng(join(normalsDir, `${index}.png`), data, SIZE);
      }
      const result = await train({ method, instant: { start: "never" } }, null, [
        { recipe: "gear", normalsDir, parent: null },
      ]);
      expect(result.parityMaxAbs).toBeLessThanOrEqual(1e-3);
      const isFused = method.name === "aand" && method.form === "fused";
      expect(stages().includes("settle")).toBe(isFused);
      expect(JSON.stringify(reportOf(result)).includes("trusted, from good parts alone")).toBe(isFused);
      const served = servedRecipes((await readBundle(result.bundleDir)).manifest);
      expect(served.map(({ recipe, threshold }) => [recipe, threshold.heldOut])).toEqual([
        ["default", 3],
        ["gear", 3],
      ]);
    },
    TIMEOUT,
  );
});

it("a product with too few good parts is named, since a job may have several", async () => {
  const normalsDir = join(stateDir, "gears");
  await renderNormals(normalsDir, 2);
  const also = [{ recipe: "gear", normalsDir, parent: null }];
  await expect(train({ method: SMALL_BANK }, null, also)).rejects.toMatchObject({
    code: "too-few-normals",
    message: expect.stringMatching(/^gear: 2 usable normal pictures, at least 8/) as string,
  });
});

describe("method auto", () => {
  it(
    "deploys one of the two and says why with both numbers, in the result and in the report",
    async () => {
      const method = { name: "auto", trained: QUICK_AAND };
      const result = await train({ method, instant: { start: "never", method: SMALL_BANK } });
      expect(offered).toEqual([]);
      expect(stages().slice(-2)).toEqual(["validate", "choose"]);
      const words = /^(aand|memory-bank) is deployed: on 3 held-out .*aand AUROC .*; memory-bank AUROC /;
      expect(result.choice).toMatch(words);
      expect(reportOf(result)).toMatchObject({ choice: result.choice });
      const chosen = words.exec(result.choice ?? "")?.[1];
      const { manifest } = await readBundle(result.bundleDir);
      expect(manifest.method.name).toBe(chosen);
      expect(manifest.id).toBe(result.bundleId);
    },
    TIMEOUT,
  );

  it(
    "deploys the instant model, and says why, where the other one cannot be trained",
    async () => {
      const diverging = { ...QUICK_AAND, distill: { steps: 4, batch: 4, learningRate: 1e30 } };
      const method = { name: "auto", trained: diverging };
      const result = await train({ method, instant: { start: "never", method: SMALL_BANK } });
      expect(result.choice).toMatch(/^memory-bank is deployed: aand could not be trained\..*NaN/);
      const { manifest } = await readBundle(result.bundleDir);
      expect(manifest).toMatchObject({ id: result.bundleId, method: { name: "memory-bank" } });
      expect(reportOf(result)).toMatchObject({ choice: result.choice });
    },
    TIMEOUT,
  );

  it(
    "gives the bundle that judges already if the instant model is the better one",
    async () => {
      const unlearned = { ...QUICK_PAPER, amplify: { enabled: false }, distill: { steps: 1, batch: 2 } };
      const method = { name: "auto", trained: unlearned };
      const result = await train({ method, instant: { method: { name: "memory-bank", patches: 1000 } } });
      expect(result.choice).toMatch(/^memory-bank is deployed/);
      expect(result.bundleId).toBe(offered[0]?.bundleId);
    },
    TIMEOUT,
  );
});
