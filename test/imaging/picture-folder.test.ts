import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { listLine } from "../../src/imaging/picture-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

describe("listLine", () => {
  it("reads the MVTec form: normals, line by folder, masks", async () => {
    const folder = folderWith(
      "train/good/1.png",
      "train/good/notes.txt",
      "test/good/2.png",
      "test/scratch/10.jpg",
      "test/scratch/9.jpg",
      "test/stain/1.png",
      "ground_truth/scratch/9_mask.png",
      "ground_truth/stain/1.png",
    );
    const { normals, line } = await listLine(folder);
    expect(normals.map(({ file }) => file)).toEqual([join(folder, "train/good/1.png")]);
    expect(line).toEqual([
      { file: join(folder, "test/good/2.png"), truth: { label: "good", source: "good" }, mask: null },
      {
        file: join(folder, "test/scratch/9.jpg"),
        truth: { label: "bad", source: "scratch" },
        mask: join(folder, "ground_truth/scratch/9_mask.png"),
      },
      { file: join(folder, "test/scratch/10.jpg"), truth: { label: "bad", source: "scratch" }, mask: null },
      {
        file: join(folder, "test/stain/1.png"),
        truth: { label: "bad", source: "stain" },
        mask: join(folder, "ground_truth/stain/1.png"),
      },
    ]);
  });

  it("follows links to folders, passes hidden folders over, and knows a mask by its suffix in any case", async () => {
    const folder = folderWith(
      "train/good/1.png",
      "test/.ipynb_checkpoints/2-checkpoint.png",
      "test/hole/2.PNG",
      "ground_truth/hole/2_MASK.PNG",
    );
    symlinkSync(join(folder, "test/hole"), join(folder, "test/linked"));
    symlinkSync(join(folder, "nowhere"), join(folder, "test/broken"));
    const { line } = await listLine(folder);
    expect(line.map(({ truth, mask }) => [truth.source, mask])).toEqual([
      ["hole", join(folder, "ground_truth/hole/2_MASK.PNG")],
      ["linked", null],
    ]);
    const linked = temporaryFolder();
    symlinkSync(join(folder, "train"), join(linked, "train"));
    expect((await listLine(linked)).normals).toHaveLength(1);
  });

  it("plays the normals of an MVTec folder without test pictures", async () => {
    const { normals, line } = await listLine(folderWith("train/good/1.png"));
    expect(line).toEqual(normals);
  });

  it("takes all pictures of a flat folder as good, one as well as many", async () => {
    const { normals, line } = await listLine(folderWith("b.PNG", "a.jpeg", "readme.md", ".hidden.png"));
    expect(normals.map(({ file }) => file.split("/").at(-1))).toEqual(["a.jpeg", "b.PNG"]);
    expect(line).toEqual(normals);
    expect(line[0]?.truth).toEqual({ label: "good", source: "unlabelled" });
  });

  it("says what is wrong with a folder", async () => {
    const empty = temporaryFolder();
    await expect(listLine(empty)).rejects.toMatchObject({
      code: "folder-empty",
      message: expect.stringContaining("it is empty") as string,
    });
    await expect(listLine(join(empty, "none"))).rejects.toMatchObject({ code: "folder-missing" });
    const folder = folderWith("a.txt");
    await expect(listLine(folder)).rejects.toThrow(/it has 1 other files/);
    await expect(listLine(join(folder, "a.txt"))).rejects.toMatchObject({ code: "folder-not-a-folder" });
    await expect(listLine(folderWith("bottle/train/good/1.png"))).rejects.toThrow(/name one of them/);
  });
});
