import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pruneInstantBundles } from "../../src/bundles/prune-instant.ts";
import { BundleStore } from "../../src/bundles/store.ts";
import { sampleBundle, sampleThreshold, type SampleOptions } from "./sample-bundle.ts";

let state: string;
let store: BundleStore;
let day: number;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "assayd-prune-"));
  store = new BundleStore({ bundles: join(state, "bundles"), active: join(state, "active") });
  day = 0;
});
afterEach(() => rm(state, { recursive: true, force: true }));

/** Bundles of recipe "bottle", oldest first, each a day younger than the one before. */
async function add(...bundles: readonly (readonly [string, SampleOptions])[]): Promise<void> {
  for (const [id, options] of bundles) {
    day += 1;
    await store.add(
      await sampleBundle(join(state, "job"), id, {
        ...options,
        createdAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
      }),
    );
  }
}

const ids = async (): Promise<string[]> => (await store.list()).map(({ id }) => id);
const prune = (...inUse: readonly string[]) => pruneInstantBundles(store, new Set(inUse));

describe("pruneInstantBundles", () => {
  it("deletes those that no rollback leads to, but for the newest, and no trained bundle", async () => {
    await add(
      ["a-instant", {}],
      ["a", { parent: "a-instant" }],
      ["b-instant", {}],
      ["b", { parent: "a" }],
      ["c-instant", {}],
    );
    await store.promote("bottle", "b");
    expect(await prune()).toEqual(["b-instant", "a-instant"]);
    expect(await ids()).toEqual(["c-instant", "b", "a"]);
    expect(await prune()).toEqual([]);
  });

  it("keeps the active one, the parent of the active one, and what is loaded", async () => {
    await add(["a-instant", {}], ["b-instant", {}], ["b", { parent: "a-instant" }], ["c-instant", {}]);
    await store.promote("bottle", "b");
    expect(await prune("b-instant")).toEqual([]);
    await store.promote("bottle", "b-instant"); // chosen by a person
    expect(await prune()).toEqual(["a-instant"]);
    expect(store.active("bottle")).toBe("b-instant");
  });

  it("counts the newest of each product, and keeps what one of several products needs", async () => {
    const alsoFor = [{ recipe: "can", parent: null, threshold: sampleThreshold(0.7), quality: null }];
    await add(["shared-instant", { alsoFor }], ["bottle-instant", {}], ["cup-instant", { recipe: "cup" }]);
    expect(await prune()).toEqual([]); // the newest of "can", of "bottle" and of "cup"
    await add(["can-instant", { recipe: "can" }]);
    await store.promote("can", "shared-instant");
    expect(await prune()).toEqual([]);
    await store.promote("can", "can-instant");
    expect(await prune()).toEqual(["shared-instant"]);
  });
});
