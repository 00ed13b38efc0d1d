import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkPictures } from "../../../src/commands/evaluate/check-pictures.ts";
import { picturesHash } from "../../../src/commands/evaluate/pictures-hash.ts";
import type { Category } from "../../../src/datasets/layout.ts";
import { openDataSet } from "../../../src/datasets/data-set.ts";
import { writePictures } from "../../datasets/write-pictures.ts";
import { temporaryFolder } from "../../imaging/temporary-folder.ts";

const GREY = { ground: 100 };
const FILES = {
  "cup/train/good/0.png": GREY,
  "cup/train/good/1.png": GREY,
  "cup/test/good/0.png": GREY,
  "cup/test/hole/0.png": GREY,
  "cup/ground_truth/hole/0_mask.png": { ground: 0, first: 255 },
};

/** A data set of one category; `texts` are files that are no pictures. */
async function categoriesWith(
  ...texts: string[]
): Promise<{ folder: string; categories: readonly Category[] }> {
  const folder = temporaryFolder();
  await writePictures(folder, FILES);
  for (const name of texts) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "no picture");
  }
  return { folder, categories: (await openDataSet(folder)).categories };
}

function check(categories: readonly Category[], minImages = 2): Promise<void> {
  const { signal } = new AbortController();
  return checkPictures(categories, {
    minImages,
    size: { width: 32, height: 32 },
    signal,
    onProgress: () => undefined,
  });
}

describe("checkPictures", () => {
  it("passes a whole data set; what cannot be read among the good ones is left to the training", async () => {
    const { categories } = await categoriesWith("cup/train/good/2.png");
    await expect(check(categories)).resolves.toBeUndefined();
  });

  it("names the category with too few good parts", async () => {
    const { categories } = await categoriesWith();
    await expect(check(categories, 3)).rejects.toMatchObject({
      code: "too-few-normals",
      message: expect.stringMatching(/^cup: .* good parts .*: 2; at least 3 .*--categories/) as string,
    });
  });

  it("names a test picture or a mask that cannot be read", async () => {
    for (const name of ["cup/test/good/1.png", "cup/ground_truth/hole/0_mask.png"])
      await expect(check((await categoriesWith(name)).categories)).rejects.toThrow(`${name} cannot be read`);
  });
});

describe("picturesHash", () => {
  it("changes with a picture or mask that is added or written anew, and only then", async () => {
    const { folder, categories } = await categoriesWith();
    const hash = async () => picturesHash((await openDataSet(folder)).categories[0]!);
    const first = await picturesHash(categories[0]!);
    expect(await hash()).toBe(first);
    await writePictures(folder, { "cup/test/hole/1.png": GREY });
    const added = await hash();
    expect(added).not.toBe(first);
    writeFileSync(join(folder, "cup/ground_truth/hole/0_mask.png"), "another one");
    expect(await hash()).not.toBe(added);
  });
});
