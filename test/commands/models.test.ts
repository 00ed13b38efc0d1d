import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BundleStore } from "../../src/bundles/store.ts";
import { InputError } from "../../src/domain/errors.ts";
import { modelsCommand } from "../../src/commands/models.ts";
import { sampleBundle, sampleThreshold } from "../bundles/sample-bundle.ts";

let state: string;
let store: BundleStore;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "assayd-models-"));
  store = new BundleStore({ bundles: join(state, "bundles"), active: join(state, "active") });
  await store.add(await sampleBundle(join(state, "job"), "first"));
  await store.add(await sampleBundle(join(state, "job"), "second", { parent: "first" }));
});
afterEach(() => rm(state, { recursive: true, force: true }));

/** Runs `assayd models …` and gives what it wrote to stdout. */
async function run(...args: string[]): Promise<string> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await modelsCommand().parseAsync([...args, "--state-dir", state], { from: "user" });
  } finally {
    write.mockRestore();
  }
  return written.join("");
}

describe("assayd models", () => {
  it("promotes a model and goes back to its parent", async () => {
    expect(JSON.parse(await run("promote", "second", "--json"))).toEqual({
      recipe: "bottle",
      active: "second",
      before: null,
      recipes: [{ recipe: "bottle", active: "second", before: null }],
    });
    expect(await run("rollback")).toMatch(
      /back at model first\. A running daemon takes it at its next start/,
    );
    expect(store.active("bottle")).toBe("first");
  });

  it("lists models with the active one marked, as text and as JSON", async () => {
    await store.promote("bottle", "second");
    expect(await run("list")).toMatch(/^\* second {2}bottle, .* threshold 0\.5, after first$/m);
    const { models } = JSON.parse(await run("list", "--json")) as {
      models: { id: string; activeFor: string[] }[];
    };
    expect(models.find(({ id }) => id === "second")?.activeFor).toEqual(["bottle"]);
  });

  it("promotes a model of several recipes for all of them, or for the one that is named", async () => {
    const alsoFor = [{ recipe: "can", parent: null, threshold: sampleThreshold(0.7), quality: null }];
    await store.add(await sampleBundle(join(state, "job"), "both", { parent: "second", alsoFor }));
    await run("promote", "second");
    await run("promote", "both", "--recipe", "can");
    expect(await run("list")).toMatch(/both {2}bottle, .*; active for can$/m);
    expect(["bottle", "can"].map((recipe) => store.active(recipe))).toEqual(["second", "both"]);
    expect(JSON.parse(await run("promote", "both", "--json"))).toMatchObject({
      recipes: [
        { recipe: "bottle", active: "both", before: "second" },
        { recipe: "can", active: "both", before: "both" },
      ],
    });
    expect(await run("list")).toMatch(
      /both {2}bottle, .*threshold 0\.5, after second; also for can: threshold 0\.7; active for bottle, can$/m,
    );
    await expect(run("promote", "both", "--recipe", "cap")).rejects.toMatchObject({ code: "wrong-recipe" });
  });

  it("refuses to promote or show a damaged model, naming the file", async () => {
    await writeFile(join(store.dir("second"), "inspector.onnx"), "damaged");
    await expect(run("promote", "second")).rejects.toMatchObject({
      code: "bundle-damaged",
      message: /inspector\.onnx/,
    });
    await expect(run("show", "second")).rejects.toMatchObject({ code: "bundle-damaged" });
    expect(store.active("bottle")).toBeNull();
    expect(await run("show", "first")).toMatch(/Every file matches its sha256/);
  });

  it("asks for the recipe when it cannot know it", async () => {
    await expect(run("rollback")).rejects.toMatchObject({ code: "recipe-missing" });
  });

  it("refuses an import without enough good parts before it looks at the checkpoint", async () => {
    const importWith = (normals: string) => run("import-torch", "nowhere.pth", "--normals", normals);
    await expect(importWith(join(state, "none"))).rejects.toMatchObject({ code: "folder-missing" });
    const few = await mkdtemp(join(state, "few-"));
    await writeFile(join(few, "one.png"), "");
    const refusal = importWith(few);
    await expect(refusal).rejects.toThrow(InputError);
    await expect(refusal).rejects.toThrow(/has 1 pictures of good parts, at least 20 are needed/);
  });
});
