import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { BundleStore } from "../../src/bundles/store.ts";
import type { CameraLine } from "../../src/inspection/camera-line.ts";
import { StationModels } from "../../src/station/models.ts";
import { sampleBundle, sampleThreshold } from "../bundles/sample-bundle.ts";
import { FakeCollector, lineRecipeOf, testLine, type TestLine } from "../inspection/line-fixture.ts";

const LIMITS = { reject: 0.7, warn: null };

interface Plant {
  readonly models: StationModels;
  readonly store: BundleStore;
  readonly bundles: string;
  readonly lines: readonly TestLine[];
  readonly events: string[];
}

let paths = { bundles: "", active: "" };

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "assayd-models-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  paths = { bundles: join(folder, "bundles"), active: join(folder, "active") };
  await mkdir(paths.bundles);
});

function plantOf(...lines: TestLine[]): Plant {
  const events: string[] = [];
  const models = new StationModels({
    paths,
    lines: () => lines.map(({ line }) => line),
    pictureSize: () => ({ width: 16, height: 16 }),
    logger: pino({ level: "silent" }),
    event: (kind, _data, camera) => events.push(`${camera} ${kind}`),
    onChange: () => undefined,
  });
  return { models, store: new BundleStore(paths), bundles: paths.bundles, lines, events };
}

/** Bundles a1 → a2 → a3 of recipe "a", each the child of the one before. */
async function generations(...ids: string[]): Promise<void> {
  for (const [at, id] of ids.entries())
    await sampleBundle(paths.bundles, id, { recipe: "a", parent: ids[at - 1] ?? null });
}

const judging = (...lines: TestLine[]): (string | null)[] =>
  lines.map(({ inspector }) => inspector.status.bundleId);
const promoteAll = async ({ models }: Plant, line: CameraLine, ...ids: string[]): Promise<void> => {
  for (const id of ids) await models.promote(line, id, "test");
};

describe("two cameras with one recipe", () => {
  const one = (): [TestLine, TestLine, TestLine] => [
    testLine({ name: "left" }, "a"),
    testLine({ name: "right" }, "a"),
    testLine({ name: "other" }, "b"),
  ];

  it("get a promoted model, its rollback and its limits together", async () => {
    const [left, right, other] = one();
    const plant = plantOf(left, right, other);
    await generations("a1", "a2");
    await promoteAll(plant, left.line, "a1", "a2");
    expect(judging(left, right, other)).toEqual(["a2", "a2", null]);
    await plant.models.setThreshold(left.line, LIMITS, "test");
    expect(right.line.thresholdsOf("a2")).toEqual(LIMITS);
    await plant.models.rollback(right.line, "test");
    expect(judging(left, right)).toEqual(["a1", "a1"]);
    expect(plant.events).toContain("right model.promoted");
  });

  it("are rolled back by one generation when each of them tells that the model crashes again and again", async () => {
    const [left, right] = one();
    const plant = plantOf(left, right);
    await generations("a1", "a2", "a3");
    await promoteAll(plant, left.line, "a1", "a2", "a3");
    await Promise.all([left, right].map(({ line }) => plant.models.escapeCrashLoop(line, "a3", "it died")));
    expect(judging(left, right)).toEqual(["a2", "a2"]);
    expect(plant.store.active("a")).toBe("a2");
  });

  it("keep the model before if one of them cannot load the new one", async () => {
    const [left, right] = one();
    const plant = plantOf(left, right);
    await generations("a1", "a2");
    await promoteAll(plant, left.line, "a1");
    right.inspector.broken.add("a2");
    await expect(plant.models.promote(left.line, "a2", "test")).rejects.toThrow(/broken/);
    expect(judging(left, right)).toEqual(["a1", "a1"]);
    expect(plant.store.active("a")).toBe("a1");
  });

  it("have none if the first model's pointer cannot be moved", async () => {
    const [left] = one();
    const plant = plantOf(left);
    await generations("a1");
    await writeFile(paths.active, "a file where the folder should be");
    await expect(plant.models.promote(left.line, "a1", "test")).rejects.toThrow();
    expect(judging(left)).toEqual([null]);
  });
});

describe("a change-over", () => {
  async function changing(): Promise<Plant & { readonly own: TestLine }> {
    await sampleBundle(paths.bundles, "a1", { recipe: "a" });
    await sampleBundle(paths.bundles, "b1", { recipe: "b" });
    const own = testLine({}, "a");
    const plant = plantOf(own);
    await plant.store.promote("b", "b1");
    await plant.models.promote(own.line, "a1", "test");
    return { ...plant, own };
  }

  it("back to the recipe before, asked for while the way there is not done, ends there", async () => {
    const { models, own } = await changing();
    let open = (): void => undefined;
    own.inspector.gate = new Promise((resolve) => (open = resolve));
    const there = models.changeRecipe(own.line, lineRecipeOf("b"), "test");
    const back = models.changeRecipe(own.line, lineRecipeOf("a"), "test");
    open();
    await there;
    expect(own.line.stops.held).not.toBeNull();
    await back;
    expect([own.line.recipe, judging(own)[0], own.line.stops.held]).toEqual(["a", "a1", null]);
  });

  it("judges nothing from the moment it is asked for, though another change is under way", async () => {
    const { models, own } = await changing();
    let open = (): void => undefined;
    own.inspector.gate = new Promise((resolve) => (open = resolve));
    const promotion = models.promote(own.line, "a1", "test");
    const change = models.changeRecipe(own.line, lineRecipeOf("b"), "test");
    expect(await own.line.trigger({})).toMatchObject({ verdict: "ERR", reason: "not_ready" });
    open();
    await Promise.all([promotion, change]);
    expect(await own.line.trigger({})).toMatchObject({ verdict: "OK", bundleId: "b1", recipe: { id: "b" } });
  });

  it("shows no model while the new recipe has the old bundle", async () => {
    const { models, own } = await changing();
    expect(models.manifestOf(own.line)?.id).toBe("a1");
    own.line.useRecipe(lineRecipeOf("b"));
    expect(models.manifestOf(own.line)).toBeNull();
  });

  it("that fails leaves the old recipe its limits, though one bundle serves both", async () => {
    const forB = { recipe: "b", parent: null, threshold: sampleThreshold(0.9), quality: null };
    await sampleBundle(paths.bundles, "both", { recipe: "a", alsoFor: [forB] });
    const own = testLine({}, "a");
    const { models, store } = plantOf(own);
    await models.promote(own.line, "both", "test");
    await store.promote("b", "both");
    own.inspector.broken.add("both");
    await expect(models.changeRecipe(own.line, lineRecipeOf("b"), "test")).rejects.toThrow(/broken/);
    expect(own.line.recipe).toBe("a");
    expect(own.line.thresholdsOf("both")?.reject).toBe(0.5);
  });

  it("meanwhile a model for the recipe before becomes active without touching the line", async () => {
    const { models, own, store } = await changing();
    await sampleBundle(paths.bundles, "a2", { recipe: "a", parent: "a1" });
    await models.changeRecipe(own.line, lineRecipeOf("b"), "test");
    await models.promote(own.line, "a2", "trainer", "a");
    expect([judging(own)[0], store.active("a")]).toEqual(["b1", "a2"]);
    await models.changeRecipe(own.line, lineRecipeOf("a"), "test");
    expect(judging(own)[0]).toBe("a2");
    const wish = models.setThreshold(own.line, LIMITS, "test");
    const [, meant] = await Promise.all([models.changeRecipe(own.line, lineRecipeOf("b"), "test"), wish]);
    expect(meant?.reject).toBe(0.5);
    expect(own.line.thresholdsOf("b1")?.reject).toBe(0.5);
  });

  it("refuses limits that were meant for the recipe before", async () => {
    const { models, own } = await changing();
    const change = models.changeRecipe(own.line, lineRecipeOf("b"), "test");
    const wish = models.setThreshold(own.line, LIMITS, "test");
    await change;
    await expect(wish).rejects.toThrow(/meant for a/);
    expect(own.line.thresholdsOf("b1")?.reject).toBe(0.5);
  });

  it("ends the collection of the recipe before, and gives the camera the size of the new one", async () => {
    const { models, own } = await changing();
    const collector = new FakeCollector();
    await models.changeRecipe(own.line, lineRecipeOf("b", collector), "test");
    await models.changeRecipe(own.line, lineRecipeOf("a"), "test");
    expect(collector.stopped).toBe(true);
    expect(own.camera.size).toEqual({ width: 16, height: 16 });
  });
});

describe("old instant models", () => {
  it("are deleted and unloaded, but for those that a rollback leads to and the newest", async () => {
    const own = testLine({}, "a");
    const { models, store } = plantOf(own);
    const ids = ["a1-instant", "a1", "a2-instant", "a2", "a3-instant"];
    for (const [at, id] of ids.entries())
      await sampleBundle(paths.bundles, id, {
        recipe: "a",
        parent: null,
        createdAt: new Date(Date.UTC(2026, 0, 1 + at)).toISOString(),
      });
    await models.promote(own.line, "a2-instant", "trainer");
    await models.pruneInstant();
    expect(own.inspector.released).toEqual(["a1-instant"]);
    await models.promote(own.line, "a2", "trainer");
    await models.pruneInstant();
    expect((await store.list()).map(({ id }) => id)).toEqual(["a3-instant", "a2", "a1"]);
    expect(own.inspector.released).toEqual(["a1-instant", "a2-instant"]);
  });
});
