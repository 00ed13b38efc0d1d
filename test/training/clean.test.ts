import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePng } from "../../src/imaging/write-picture.ts";
import { renderPart } from "../../src/simulator/product.ts";
import { cleanNormals, readCleanNormals } from "../../src/training/clean.ts";
import { temporaryFolder } from "../imaging/temporary-folder.ts";

const SIZE = { width: 64, height: 64 };
const part = (index: number): Uint8Array =>
  renderPart({ index, seed: 1, size: SIZE, content: "normal", defectShare: 0 }).data;

describe("cleanNormals", () => {
  it("drops exact repetitions and flat pictures and keeps the order", () => {
    const { kept, report } = cleanNormals(
      [
        { file: "a", data: part(0) },
        { file: "b", data: part(1) },
        { file: "a again", data: part(0) },
        { file: "black", data: new Uint8Array(SIZE.width * SIZE.height * 3) },
        { file: "white", data: new Uint8Array(SIZE.width * SIZE.height * 3).fill(255) },
      ],
      SIZE,
    );
    expect(kept.map(({ file }) => file)).toEqual(["a", "b"]);
    expect(report).toMatchObject({
      found: 5,
      kept: 2,
      duplicates: ["a again"],
      empty: ["black", "white"],
      nearDuplicates: 0,
    });
    expect(report.words).toBe(
      "5 pictures found, 2 kept; 2 black, white or flat; 1 exact repetitions left out.",
    );
  });

  it("counts pictures that differ by sensor noise only, and keeps them", () => {
    const noisy = part(0).map((value, i) => Math.min(255, value + (i % 2)));
    const { report } = cleanNormals(
      [
        { file: "a", data: part(0) },
        { file: "b", data: noisy },
      ],
      SIZE,
    );
    expect(report).toMatchObject({ kept: 2, nearDuplicates: 1 });
  });

  it("does not take different parts of a line for one another", () => {
    const pictures = Array.from({ length: 40 }, (_, i) => ({ file: `${i}`, data: part(i) }));
    expect(cleanNormals(pictures, SIZE).report.nearDuplicates).toBe(0);
  });
});

describe("readCleanNormals", () => {
  const options = { size: SIZE, minImages: 2, signal: new AbortController().signal };

  it("reads what can be read and lists the rest", async () => {
    const folder = temporaryFolder();
    const files = ["0.png", "1.png", "bad.png"].map((name) => join(folder, name));
    await writePng(files[0] ?? "", part(0), SIZE);
    await writePng(files[1] ?? "", part(1), SIZE);
    writeFileSync(files[2] ?? "", "no picture");
    const progress: number[] = [];
    const { kept, report } = await readCleanNormals(files, {
      ...options,
      onProgress: (done) => progress.push(done),
    });
    expect(kept.map(({ file }) => file)).toEqual(files.slice(0, 2));
    expect(report.unreadable).toHaveLength(1);
    expect(progress).toEqual([1, 2, 3]);
  });

  it("refuses too few with the numbers and a remedy", async () => {
    const file = join(temporaryFolder(), "0.png");
    await writePng(file, part(0), SIZE);
    await expect(readCleanNormals([file], { ...options, minImages: 20 })).rejects.toMatchObject({
      code: "too-few-normals",
      message: expect.stringMatching(
        /^1 usable normal pictures, at least 20 are needed.*Collect 19 more/,
      ) as string,
    });
  });

  it("stops when asked", async () => {
    const signal = AbortSignal.abort(new Error("canceled"));
    await expect(readCleanNormals(["x.png"], { ...options, signal })).rejects.toThrow("canceled");
  });
});
