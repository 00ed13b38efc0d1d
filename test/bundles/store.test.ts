import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { servedRecipes } from "../../src/bundles/manifest.ts";
import { manifestSum, readBundle, verifyBundle } from "../../src/bundles/read.ts";
import { BundleStore } from "../../src/bundles/store.ts";
import { readThresholdOverride, writeThresholdOverride } from "../../src/bundles/write.ts";
import { createRandom } from "../../src/graph/random.ts";
import { sampleBundle, sampleThreshold } from "./sample-bundle.ts";

const FLIPS = 300;
/** `ASSAYD_KILLS=200` for the full figure of promises.md R1. */
const KILLS = Number(process.env.ASSAYD_KILLS ?? 20);
let folder: string;
let paths: { bundles: string; active: string };
let store: BundleStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-store-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  const state = await mkdtemp(join(folder, "state-"));
  paths = { bundles: join(state, "bundles"), active: join(state, "active") };
  store = new BundleStore(paths);
});

/** Adds a sample bundle by way of a job folder. */
async function add(id: string, options: Parameters<typeof sampleBundle>[2] = {}) {
  return store.add(await sampleBundle(await mkdtemp(join(folder, "job-")), id, options));
}

async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("BundleStore", () => {
  it("adds, promotes, and rolls back to the parent", async () => {
    await add("first");
    await add("second", { parent: "first" });
    expect(store.active("bottle")).toBeNull();
    await store.promote("bottle", "first");
    await store.promote("bottle", "second");
    expect(store.active("bottle")).toBe("second");
    expect((await store.rollback("bottle")).id).toBe("first");
    expect(store.active("bottle")).toBe("first");
    await expect(store.rollback("bottle")).rejects.toMatchObject({ code: "no-parent" });
    const list = await store.list();
    expect(list.map(({ id, activeFor }) => [id, activeFor])).toEqual([
      ["first", ["bottle"]],
      ["second", []],
    ]);
  });

  it("promotes one bundle for each of its recipes, and rolls each back to what that recipe had", async () => {
    await add("bottles");
    await add("cans", { recipe: "can" });
    const alsoFor = [
      { recipe: "can", parent: "cans", threshold: sampleThreshold(0.7), quality: null },
      { recipe: "cap", parent: null, threshold: sampleThreshold(0.9), quality: null },
    ];
    const manifest = await add("all", { parent: "bottles", alsoFor });
    expect(servedRecipes(manifest).map(({ recipe, threshold }) => [recipe, threshold.value])).toEqual([
      ["bottle", 0.5],
      ["can", 0.7],
      ["cap", 0.9],
    ]);
    for (const { recipe } of servedRecipes(manifest)) await store.promote(recipe, "all");
    expect((await store.list())[0]?.activeFor).toEqual(["bottle", "can", "cap"]);
    await expect(store.remove("all")).rejects.toMatchObject({ code: "bundle-active" });
    expect((await store.rollback("can")).id).toBe("cans");
    expect(["bottle", "can", "cap"].map((recipe) => store.active(recipe))).toEqual(["all", "cans", "all"]);
    await expect(store.rollback("cap")).rejects.toMatchObject({ code: "no-parent" });
    await expect(store.promote("jar", "all")).rejects.toMatchObject({ code: "wrong-recipe" });
  });

  it("reads a manifest of the time when a bundle had one recipe", async () => {
    const dir = await sampleBundle(await mkdtemp(join(folder, "old-")), "old");
    const path = join(dir, "manifest.json");
    const now = Object.entries(JSON.parse(await readFile(path, "utf8")) as object);
    const old = now.filter(([key]) => !["alsoFor", "preprocess", "tiling"].includes(key));
    const text = JSON.stringify(Object.fromEntries(old));
    await writeFile(path, text);
    await writeFile(`${path}.sha256`, manifestSum(Buffer.from(text)));
    expect(servedRecipes((await readBundle(dir)).manifest).map(({ recipe }) => recipe)).toEqual(["bottle"]);
  });

  it("refuses an id that is there, another recipe's bundle, a missing bundle, and names that are paths", async () => {
    await add("first");
    await expect(add("first")).rejects.toMatchObject({ code: "bundle-exists" });
    await expect(store.promote("cable", "first")).rejects.toMatchObject({ code: "wrong-recipe" });
    await expect(store.promote("bottle", "none")).rejects.toMatchObject({ code: "bundle-missing" });
    await expect(store.promote("bottle", "../first")).rejects.toMatchObject({ code: "bundle-missing" });
    await expect(store.promote("../bottle", "first")).rejects.toMatchObject({ code: "wrong-recipe" });
    await expect(store.rollback("bottle")).rejects.toMatchObject({ code: "no-active-bundle" });
  });

  it("never removes the active bundle", async () => {
    await add("first");
    await add("second");
    await store.promote("bottle", "first");
    await expect(store.remove("first")).rejects.toMatchObject({ code: "bundle-active" });
    await store.remove("second");
    expect((await store.list()).map(({ id }) => id)).toEqual(["first"]);
  });

  it("rolls back from a bundle whose manifest is damaged, and lists it with its problem", async () => {
    await add("first");
    await add("second", { parent: "first" });
    await store.promote("bottle", "second");
    await writeFile(join(store.dir("second"), "manifest.json"), "{}");
    expect((await store.list()).find(({ id }) => id === "second")?.problem).toMatch(/damaged/);
    await store.rollback("bottle");
    expect(store.active("bottle")).toBe("first");
  });

  it("refuses every one of 300 single-bit flips over all files of a bundle, naming the file", async () => {
    const dir = await sampleBundle(await mkdtemp(join(folder, "flip-")), "flipped");
    const files = await filesOf(dir);
    const random = createRandom(7);
    const accepted: string[] = [];
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const file = files[flip % files.length] ?? "";
      const whole = await readFile(file);
      const damaged = Buffer.from(whole);
      const bit = Math.floor(random() * damaged.length * 8);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(file, damaged);
      for (const read of [readBundle, verifyBundle]) {
        const error: unknown = await read(dir).then(
          () => null,
          (reason: unknown) => reason,
        );
        const named =
          error instanceof Error &&
          error.message.includes("damaged") &&
          error.message.includes("models rollback");
        if (!named) accepted.push(`${file} bit ${bit}`);
      }
      await writeFile(file, whole);
    }
    expect(accepted).toEqual([]);
    expect((await readBundle(dir)).golden).toHaveLength(2);
  });

  it("refuses a checksum list that leaves the bundle's folder", async () => {
    const dir = await sampleBundle(await mkdtemp(join(folder, "path-")), "path");
    const manifest = JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")) as {
      sha256: Record<string, string>;
    };
    manifest.sha256["../../etc/passwd"] = "0".repeat(64);
    const text = JSON.stringify(manifest);
    await writeFile(join(dir, "manifest.json"), text);
    await writeFile(join(dir, "manifest.json.sha256"), manifestSum(Buffer.from(text)));
    await expect(readBundle(dir)).rejects.toMatchObject({ code: "bundle-invalid" });
  });

  it("keeps a person's threshold for the bundle it was set for only", async () => {
    await add("first");
    await store.promote("bottle", "first");
    expect(await readThresholdOverride(paths.active, "bottle", "first")).toBeNull();
    const override = { value: 0.7, warn: 0.6, bundleId: "first", by: "anna", at: "2026-01-02T03:04:05Z" };
    await writeThresholdOverride(paths.active, "bottle", override);
    expect(await readThresholdOverride(paths.active, "bottle", "first")).toEqual(override);
    expect(await readThresholdOverride(paths.active, "bottle", "second")).toBeNull();
    const bad = writeThresholdOverride(paths.active, "bottle", { ...override, value: Number.NaN });
    await expect(bad).rejects.toMatchObject({ code: "threshold-invalid" });
    expect(await store.list()).toHaveLength(1);
  });
});

describe("a kill at a failpoint", () => {
  const POINTS = [
    "add.verified",
    "add.files-synced",
    "add.renamed",
    "add.folder-synced",
    "promote.begin",
    "promote.verified",
    "promote.tmp-written",
    "promote.tmp-synced",
    "promote.renamed",
    "promote.folder-synced",
  ];

  it.each(POINTS)(
    "%s leaves the old or the new bundle active, whole, and the promotion can be done again",
    async (point) => {
      await add("old");
      await store.promote("bottle", "old");
      const job = await sampleBundle(await mkdtemp(join(folder, "job-")), "new", { parent: "old" });
      const kept = await mkdtemp(join(folder, "kept-"));
      await cp(job, kept, { recursive: true });

      const child = fork(
        new URL("promote-child.ts", import.meta.url),
        [paths.bundles, paths.active, job, `${point}=kill`],
        {
          execArgv: ["--disable-warning=ExperimentalWarning"],
        },
      );
      const [, signal] = (await once(child, "exit")) as [number | null, string | null];
      expect(signal).toBe("SIGKILL");

      const after = new BundleStore(paths);
      const active = after.active("bottle");
      expect(active).toBe(point === "promote.renamed" || point === "promote.folder-synced" ? "new" : "old");
      await after.verify(active ?? "");
      for (const { problem } of await after.list()) expect(problem).toBeNull();
      if (!existsSync(after.dir("new"))) await after.add(existsSync(job) ? job : kept);
      await after.promote("bottle", "new");
      expect(after.active("bottle")).toBe("new");
    },
  );

  it("a failing fsync or rename leaves the pointer as it was, and the error is told", async () => {
    await add("old");
    await store.promote("bottle", "old");
    const job = await sampleBundle(await mkdtemp(join(folder, "job-")), "new", { parent: "old" });
    const child = fork(
      new URL("promote-child.ts", import.meta.url),
      [paths.bundles, paths.active, job, "promote.tmp-written=throw:EIO"],
      { execArgv: ["--disable-warning=ExperimentalWarning"], stdio: ["ignore", "ignore", "ignore", "ipc"] },
    );
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(1);
    expect(store.active("bottle")).toBe("old");
  });
});

describe("kill -9 at random moments", () => {
  it(
    `leaves a whole bundle active: ${KILLS} kills of a process that promotes without end`,
    async () => {
      await add("a");
      await add("b");
      await store.promote("bottle", "a");
      const random = createRandom(11);
      let promotions = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = fork(new URL("promote-forever.ts", import.meta.url), [paths.bundles, paths.active], {
          execArgv: ["--disable-warning=ExperimentalWarning"],
        });
        child.on("message", () => (promotions += 1));
        await once(child, "message");
        await sleep(random() * 40);
        child.kill("SIGKILL");
        await once(child, "exit");
        const active = new BundleStore(paths).active("bottle");
        expect(["a", "b"]).toContain(active);
        await store.verify(active ?? "");
      }
      expect(promotions).toBeGreaterThan(KILLS);
    },
    20_000 + KILLS * 2000,
  );
});
