import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../../src/config/schema.ts";
import { loadCell, saveCell } from "../../../src/commands/evaluate/cell-store.ts";
import { chooseMethod } from "../../../src/commands/evaluate/choose-method.ts";
import { cellsOf, jobOf, type EvaluationPlan } from "../../../src/commands/evaluate/plan.ts";
import { shareCores } from "../../../src/commands/evaluate/share-cores.ts";
import { shortened } from "../../../src/commands/evaluate/shortened.ts";
import { stageNormals } from "../../../src/commands/evaluate/train-cell.ts";
import { CELL_VERSION, cellSchema } from "../../../src/evaluation/cell.ts";
import { BUNDLE_ID } from "../../../src/bundles/manifest.ts";
import { sampleCell } from "../../evaluation/sample-result.ts";
import { temporaryFolder } from "../../imaging/temporary-folder.ts";

function planOf(changes: Partial<EvaluationPlan> = {}): EvaluationPlan {
  const categories = ["Große Schraube (M8)!", "lid"].map((name) => ({
    name,
    normals: [`/set/${name}/0.png`],
    test: [],
  }));
  return {
    config: configSchema.parse({ station: { name: "st1", stateDir: "/station" } }),
    dataSet: { name: "set", dir: "/set", layout: "MVTec form", categories, leftOut: [] },
    seeds: [3, 4],
    jobs: 1,
    threads: 2,
    oracle: false,
    workDir: "/work-dir",
    cellsDir: "/work-dir/cells",
    ...changes,
  };
}

describe("cellsOf", () => {
  it("has a cell for every category and seed, each with a key of its own", () => {
    const cells = cellsOf(planOf());
    expect(cells.map(({ category, seed }) => [category.name, seed])).toEqual([
      ["Große Schraube (M8)!", 3],
      ["Große Schraube (M8)!", 4],
      ["lid", 3],
      ["lid", 4],
    ]);
    expect(new Set(cells.map(({ key }) => key)).size).toBe(4);
  });

  it("keeps the keys when only the machine's share changes, and no key when the settings do", () => {
    const keys = (plan: EvaluationPlan) => cellsOf(plan).map(({ key }) => key);
    const { config } = planOf();
    const { training } = config;
    expect(keys(planOf({ jobs: 2, threads: 1, workDir: "/elsewhere" }))).toEqual(keys(planOf()));
    const nicer = { ...config, training: { ...training, nice: 3, threads: 1 } };
    expect(keys(planOf({ config: nicer }))).toEqual(keys(planOf()));
    const held = { ...config, training: { ...training, heldOutShare: 0.3 } };
    for (const changed of [planOf({ oracle: true }), planOf({ config: held })])
      expect(keys(changed).filter((key) => keys(planOf()).includes(key))).toEqual([]);
  });
});

describe("jobOf", () => {
  it("trains in the working folder with the station's teacher, the cell's seed, and ids that a bundle may have", () => {
    const plan = planOf();
    const { method } = plan.config.training;
    const [cell] = cellsOf(plan);
    const job = jobOf(plan, cell!, { method, normalsDir: "/n", now: new Date(0) });
    expect(job).toMatchObject({
      teacherDir: "/station/teachers/efficientnet-lite0",
      normalsDir: "/n",
      threads: 2,
    });
    expect(job.training).toMatchObject({ seed: 3, instant: { start: "never" } });
    expect(job.id).toMatch(BUNDLE_ID);
    expect(job.bundlesDir).toBe("/work-dir/bundles");
    const shorter = jobOf(plan, cell!, {
      method: shortened(method, 0.5)!,
      normalsDir: "/n",
      now: new Date(0),
    });
    expect(shorter.jobDir).not.toBe(job.jobDir);
  });
});

describe("shortened", () => {
  it("takes a share of the last stage's steps, and knows methods without steps", () => {
    const method = (value: unknown) => configSchema.parse({ training: { method: value } }).training.method;
    const aand = method({ name: "aand", distill: { steps: 100 } });
    expect(shortened(aand, 0.25)).toEqual(method({ name: "aand", distill: { steps: 25 } }));
    const adps = method({ name: "adps", amplify: { steps: 10 } });
    expect(shortened(adps, 0.5)).toEqual(method({ name: "adps", amplify: { steps: 5 } }));
    const auto = method({ name: "auto", trained: { name: "rd", distill: { steps: 10 } } });
    expect(shortened(auto, 0.5)).toEqual(
      method({ name: "auto", trained: { name: "rd", distill: { steps: 5 } } }),
    );
    expect(shortened(method({ name: "memory-bank" }), 0.5)).toBeNull();
  });
});

describe("chooseMethod", () => {
  const configured = configSchema.parse({ training: { method: { name: "rd", blurSigmaPx: 3 } } }).training
    .method;

  it("keeps the configured settings of a method, and gives others their defaults", () => {
    expect(chooseMethod(undefined, configured)).toBe(configured);
    expect(chooseMethod("rd", configured)).toBe(configured);
    expect(chooseMethod("memory-bank", configured)).toMatchObject({ name: "memory-bank", blurSigmaPx: 4 });
  });

  it("names the methods there are", () => {
    expect(() => chooseMethod("patchcore", configured)).toThrow(
      /no method patchcore; there are .*aand.*memory-bank/,
    );
  });
});

describe("shareCores", () => {
  it("gives no more jobs than trainings, and every job a thread", () => {
    expect(shareCores(6, 2, 1)).toEqual({ jobs: 1, threads: 2 });
    expect(shareCores(1, 4, 0)).toEqual({ jobs: 1, threads: 4 });
    expect(shareCores(9, 1, 3)).toEqual({ jobs: 3, threads: 1 });
  });
});

describe("the files of cells", () => {
  it("come back as they were; damaged or missing ones are measured again", async () => {
    const folder = join(temporaryFolder(), "cells");
    const cell = { ...sampleCell("cup", 1), pictures: "p1" };
    await saveCell(folder, cell);
    expect(await loadCell(folder, cell.key, "p1")).toEqual(cell);
    expect(await loadCell(folder, cell.key, "p2")).toBeNull();
    expect(await loadCell(folder, "other", "p1")).toBeNull();
    writeFileSync(join(folder, "cut.json"), '{"key":"cut"');
    expect(await loadCell(folder, "cut", "p1")).toBeNull();
    writeFileSync(join(folder, "old.json"), '{"key":"old"}');
    expect(await loadCell(folder, "old", "p1")).toBeNull();
    await saveCell(folder, { ...cell, key: "changed", version: CELL_VERSION + 1 });
    expect(await loadCell(folder, "changed", "p1")).toBeNull();
    await saveCell(folder, { ...cell, key: "before", pictures: null });
    expect(await loadCell(folder, "before", "p1")).not.toBeNull(); // as before cells had a hash of their pictures
    expect(cellSchema.parse({ ...cell, version: undefined }).version).toBe(1); // as before cells had versions
  });

  it("link to pictures of the same name from many folders", async () => {
    const folder = temporaryFolder();
    for (const name of ["a", "b"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "0.png"), name);
    }
    const files = ["a/0.png", "b/0.png"].map((file) => join(folder, file));
    const staged = join(folder, "staged");
    await stageNormals(staged, files);
    await stageNormals(staged, files); // again, after an interrupted run
    expect(readdirSync(staged).map((name) => readlinkSync(join(staged, name)))).toEqual(files);
    const long = join(folder, `${"é".repeat(125)}.png`); // 254 bytes, the number would make it too long
    writeFileSync(long, "");
    await stageNormals(staged, [long]);
    expect(readdirSync(staged)[0]).toMatch(/^000000-é+\.png$/);
  });
});
