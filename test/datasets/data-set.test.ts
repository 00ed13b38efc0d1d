import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataSet, type DataSet } from "../../src/datasets/data-set.ts";
import { readMask } from "../../src/imaging/mask.ts";
import { temporaryFolder } from "../imaging/temporary-folder.ts";
import { writePictures } from "./write-pictures.ts";

const GREY = { ground: 100 };
const BLACK = { ground: 0 };
const SPOT = { ground: 0, first: 255 };

async function folderOf(files: Parameters<typeof writePictures>[1]): Promise<string> {
  const folder = temporaryFolder();
  await writePictures(folder, files);
  return folder;
}

/** Everything about a data set, with paths relative to its folder. */
function summary({ dir, layout, categories }: DataSet) {
  return {
    layout,
    categories: categories.map(({ name, normals, test }) => ({
      name,
      normals: normals.map((file) => relative(dir, file)),
      test: test.map(({ file, truth, mask }) => [
        relative(dir, file),
        truth.label,
        truth.source,
        mask === null ? null : relative(dir, mask),
      ]),
    })),
  };
}

describe("openDataSet", () => {
  it("reads the MVTec form, many categories or one", async () => {
    const files = {
      "cup/train/good/0.png": GREY,
      "cup/test/good/0.png": GREY,
      "cup/test/crack/0.png": GREY,
      "cup/test/crack/1.png": GREY,
      "cup/ground_truth/crack/0_mask.png": SPOT,
      "lid/train/good/0.png": GREY,
      "lid/test/good/0.png": GREY,
    };
    const folder = await folderOf(files);
    const all = await openDataSet(folder);
    expect(summary(all)).toEqual({
      layout: "MVTec form",
      categories: [
        {
          name: "cup",
          normals: ["cup/train/good/0.png"],
          test: [
            ["cup/test/crack/0.png", "bad", "crack", "cup/ground_truth/crack/0_mask.png"],
            ["cup/test/crack/1.png", "bad", "crack", null],
            ["cup/test/good/0.png", "good", "good", null],
          ],
        },
        {
          name: "lid",
          normals: ["lid/train/good/0.png"],
          test: [["lid/test/good/0.png", "good", "good", null]],
        },
      ],
    });
    const one = await openDataSet(join(folder, "cup"));
    expect(one.categories.map(({ name, test }) => [name, test.length])).toEqual([["cup", 3]]);
    const only = await openDataSet(folder, ["lid"]);
    expect(only.categories.map(({ name }) => name)).toEqual(["lid"]);
    await expect(openDataSet(folder, ["jug"])).rejects.toThrow(/no category jug; it has cup, lid/);
  });

  it("reads MVTec 3D-AD: colour pictures, gt as masks of defects only, validation not at all", async () => {
    const folder = await folderOf({
      "bagel/train/good/rgb/000.png": GREY,
      "bagel/train/good/xyz/000.png": GREY,
      "bagel/validation/good/rgb/000.png": GREY,
      "bagel/test/good/rgb/000.png": GREY,
      "bagel/test/good/gt/000.png": BLACK,
      "bagel/test/hole/rgb/000.png": GREY,
      "bagel/test/hole/gt/000.png": SPOT,
    });
    expect(summary(await openDataSet(folder))).toEqual({
      layout: "MVTec 3D-AD",
      categories: [
        {
          name: "bagel",
          normals: ["bagel/train/good/rgb/000.png"],
          test: [
            ["bagel/test/good/rgb/000.png", "good", "good", null],
            ["bagel/test/hole/rgb/000.png", "bad", "hole", "bagel/test/hole/gt/000.png"],
          ],
        },
      ],
    });
  });

  it("reads BTAD with BMP pictures and masks of either kind", async () => {
    const folder = await folderOf({
      "01/train/ok/0000.bmp": GREY,
      "01/test/ok/0000.bmp": GREY,
      "01/test/ko/0001.bmp": GREY,
      "01/ground_truth/ko/0001.png": SPOT,
      "03/train/ok/0000.bmp": GREY,
      "03/test/ko/0001.bmp": GREY,
      "03/ground_truth/ko/0001.bmp": SPOT,
    });
    const set = await openDataSet(folder);
    expect(summary(set)).toEqual({
      layout: "BTAD",
      categories: [
        {
          name: "01",
          normals: ["01/train/ok/0000.bmp"],
          test: [
            ["01/test/ok/0000.bmp", "good", "good", null],
            ["01/test/ko/0001.bmp", "bad", "defect", "01/ground_truth/ko/0001.png"],
          ],
        },
        {
          name: "03",
          normals: ["03/train/ok/0000.bmp"],
          test: [["03/test/ko/0001.bmp", "bad", "defect", "03/ground_truth/ko/0001.bmp"]],
        },
      ],
    });
    const mask = set.categories[1]?.test[0]?.mask ?? "";
    const { pixels } = await readMask(mask, { width: 4, height: 4 });
    expect([...pixels]).toEqual([1, ...new Array<number>(15).fill(0)]);
  });

  it("reads KolektorSDD2: defective training pictures are left out, the mask is the label", async () => {
    const folder = await folderOf({
      "train/1.png": GREY,
      "train/1_GT.png": BLACK,
      "train/2.png": GREY,
      "train/2_GT.png": SPOT,
      "test/3.png": GREY,
      "test/3_GT.png": BLACK,
      "test/4.png": GREY,
      "test/4_GT.png": SPOT,
    });
    const { layout, categories } = summary(await openDataSet(folder));
    expect(layout).toBe("KolektorSDD2");
    expect(categories[0]).toMatchObject({
      normals: ["train/1.png"],
      test: [
        ["test/3.png", "good", "good", null],
        ["test/4.png", "bad", "defect", "test/4_GT.png"],
      ],
    });
  });

  it("knows masks by their ending in any case, and leaves out what has no label", async () => {
    const files = {
      "train/1.PNG": GREY,
      "train/1_GT.PNG": BLACK,
      "train/2.PNG": GREY,
      "test/4.PNG": GREY,
      "test/4_GT.PNG": SPOT,
    };
    const kolektor = await openDataSet(await folderOf(files));
    expect(summary(kolektor).categories).toMatchObject([
      { normals: ["train/1.PNG"], test: [["test/4.PNG", "bad", "defect", "test/4_GT.PNG"]] },
    ]);
    expect(kolektor.leftOut).toEqual(["train/2.PNG: no 2_GT.png, which would be its label"]);
    const tiles = await openDataSet(
      await folderOf({
        "MT_Free/Imgs/0.jpg": GREY,
        "MT_Free/Imgs/1.jpg": GREY,
        "MT_Crack/Imgs/7.jpg": GREY,
        "MT_Crack/Imgs/7.PNG": SPOT,
      }),
    );
    expect(summary(tiles).categories[0]?.test.at(-1)?.[3]).toBe("MT_Crack/Imgs/7.PNG");
  });

  it("says which folders are no categories", async () => {
    const folder = await folderOf({
      "cup/train/good/0.png": GREY,
      "lid/test/good/0.png": GREY,
      ".cache/train/good/0.png": GREY,
    });
    expect((await openDataSet(folder)).leftOut).toEqual(["lid: no train/good in it"]);
    expect((await openDataSet(folder, ["cup"])).leftOut).toEqual([]);
    expect((await openDataSet(join(folder, "cup"))).leftOut).toEqual([]);
  });

  it("reads the magnetic tiles as their authors laid them out, with a seeded split of the free ones", async () => {
    const free = Array.from({ length: 10 }, (_, at) => `MT_Free/Imgs/${at}`);
    const folder = await folderOf({
      ...Object.fromEntries(
        free.flatMap((name) => [
          [`${name}.jpg`, GREY],
          [`${name}.png`, BLACK],
        ]),
      ),
      "MT_Crack/Imgs/7.jpg": GREY,
      "MT_Crack/Imgs/7.png": SPOT,
    });
    const set = summary(await openDataSet(folder));
    const [category] = set.categories;
    expect(set.layout).toBe("magnetic tile");
    expect(category?.normals).toHaveLength(8);
    expect(category?.test).toHaveLength(3);
    expect(category?.test.at(-1)).toEqual(["MT_Crack/Imgs/7.jpg", "bad", "crack", "MT_Crack/Imgs/7.png"]);
    const seen = [...(category?.normals ?? []), ...(category?.test ?? []).map(([file]) => file)];
    expect(new Set(seen).size).toBe(11);
    expect(summary(await openDataSet(folder))).toEqual(set);
  });

  it("reads VisA by its one-class split, with masks that number the kinds of defect", async () => {
    const folder = await folderOf({
      "candle/Data/Images/Normal/0.JPG": GREY,
      "candle/Data/Images/Normal/1.JPG": GREY,
      "candle/Data/Images/Anomaly/0.JPG": GREY,
      "candle/Data/Masks/Anomaly/0.png": { ground: 3, first: 1 },
      "pcb1/Data/Images/Normal/0.JPG": GREY,
    });
    mkdirSync(join(folder, "split_csv"));
    writeFileSync(
      join(folder, "split_csv/1cls.csv"),
      [
        "object,split,label,image,mask",
        "candle,train,normal,candle/Data/Images/Normal/0.JPG,",
        "candle,test,normal,candle/Data/Images/Normal/1.JPG,",
        "candle,test,anomaly,candle/Data/Images/Anomaly/0.JPG,candle/Data/Masks/Anomaly/0.png",
        "pcb1,train,normal,pcb1/Data/Images/Normal/0.JPG,\r",
        "",
      ].join("\n"),
    );
    const set = await openDataSet(folder);
    expect(summary(set)).toMatchObject({
      layout: "VisA",
      categories: [
        {
          name: "candle",
          normals: ["candle/Data/Images/Normal/0.JPG"],
          test: [
            ["candle/Data/Images/Normal/1.JPG", "good", "good", null],
            ["candle/Data/Images/Anomaly/0.JPG", "bad", "anomaly", "candle/Data/Masks/Anomaly/0.png"],
          ],
        },
        { name: "pcb1", normals: ["pcb1/Data/Images/Normal/0.JPG"], test: [] },
      ],
    });
    const { pixels } = await readMask(set.categories[0]?.test[1]?.mask ?? "", { width: 4, height: 4 });
    expect(pixels.every((value) => value === 1)).toBe(true);
    writeFileSync(join(folder, "split_csv/1cls.csv"), "image,label\n");
    await expect(openDataSet(folder)).rejects.toMatchObject({ code: "split-unreadable" });
  });

  it("splits a flat folder of good pictures into what is learned and what is judged", async () => {
    const folder = await folderOf(
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}.png`, GREY])),
    );
    const [category] = summary(await openDataSet(folder)).categories;
    expect(category?.normals).toHaveLength(8);
    expect(category?.test.map(([, label]) => label)).toEqual(["good", "good"]);
  });

  it("says what it looked for where it knows no layout", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "stuff"));
    const opened = openDataSet(folder);
    await expect(opened).rejects.toMatchObject({ code: "data-set-unknown" });
    await expect(opened).rejects.toThrow(/the folders stuff[^]*MVTec form: [^]*VisA|VisA: [^]*MVTec form/);
    await expect(openDataSet(join(folder, "no"))).rejects.toMatchObject({ code: "folder-missing" });
  });
});
