import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { BundleStore } from "../../../src/bundles/store.ts";
import { evaluateCommand } from "../../../src/commands/evaluate.ts";
import { statePaths } from "../../../src/config/paths.ts";
import { sampleBundle, sampleThreshold } from "../../bundles/sample-bundle.ts";
import { writePictures } from "../../datasets/write-pictures.ts";
import { temporaryFolder } from "../../imaging/temporary-folder.ts";

/** A state with one model of two products, and a folder of test pictures. */
async function twoProducts(): Promise<{ state: string; pictures: string; store: BundleStore }> {
  const state = temporaryFolder();
  const store = new BundleStore(statePaths(state));
  const can = { recipe: "can", parent: null, threshold: sampleThreshold(0.25), quality: null };
  await store.add(await sampleBundle(join(state, "job"), "both", { alsoFor: [can] }));
  const pictures = join(state, "pictures");
  await writePictures(pictures, { "test/good/0.png": { ground: 10 }, "test/hole/0.png": { ground: 100 } });
  return { state, pictures, store };
}

/** The JSON of `assayd evaluate …`. */
async function evaluated(...args: string[]): Promise<Record<string, unknown>> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await evaluateCommand().parseAsync([...args, "--json"], { from: "user" });
  } finally {
    write.mockRestore();
  }
  return JSON.parse(written.at(-1) ?? "") as Record<string, unknown>;
}

describe("assayd evaluate DIR, model of two products", () => {
  it("takes the threshold of the recipe whose active model it is", async () => {
    const { state, pictures, store } = await twoProducts();
    await store.promote("can", "both");
    const report = await evaluated(pictures, "--state-dir", state);
    expect(report).toMatchObject({ bundleId: "both", threshold: 0.25, escapeRate: 0 });
  });

  it("asks for the recipe where the model is named", async () => {
    const { state, pictures } = await twoProducts();
    const named = [pictures, "--state-dir", state, "--bundle", "both"];
    await expect(evaluated(...named)).rejects.toThrow(/judges bottle, can.*Add --recipe/);
    expect(await evaluated(...named, "--recipe", "bottle")).toMatchObject({ threshold: 0.5, escapeRate: 1 });
  });
});
