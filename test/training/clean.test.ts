import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePng } from "../../src/imaging/write-picture.ts";
import { renderPart } from "../../src/simulator/product.ts";
import { cleanNormals, Sieve, type NormalPicture } from "../../src/training/clean.ts";
import { temporaryFolder } from "../imaging/temporary-folder.ts";

const SIZE = { width: 64, height: 64 };
const part = (index: number): Uint8Array =>
  renderPart({ index, seed: 1, size: SIZE, content: "normal", defectShare: 0 }).data;

/** What a sieve keeps of pictures, and its report. */
function sift(pictures: readonly NormalPicture[]) {
  const sieve = new Sieve(SIZE);
  const kept = pictures.filter((picture) => sieve.keeps(picture));
  return { kept, report: sieve.report() };
}

describe("Sieve", () => {
  it("drops exact repetitions and flat pictures and keeps the order", () => {
    const { kept, report } = sift([
      { file: "a", data: part(0) },
      { file: "b", data: part(1) },
      { file: "a again", data: part(0) },
      { file: "black", data: new Uint8Array(SIZE.width * SIZE.height * 3) },
      { file: "white", data: new Uint8Array(SIZE.width * SIZE.height * 3).fill(255) },
    ]);
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
    const { report } = sift([
      { file: "a", data: part(0) },
      { file: "b", data: noisy },
    ]);
    expect(report).toMatchObject({ kept: 2, nearDuplicates: 1 });
  });

  it("does not take different parts of a line for one another", () => {
    const pictures = Array.from({ length: 40 }, (_, i) => ({ file: `${i}`, data: part(i) }));
    expect(sift(pictures).report.nearDuplicates).toBe(0);
  });
});

async function collect(clean: AsyncIterable<NormalPicture>): Promise<NormalPicture[]> {
  const kept: NormalPicture[] = [];
  for await (const picture of clean) kept.push(picture);
  return kept;
}

describe("cleanNormals", () => {
  const options = { minImages: 2, signal: new AbortController().signal };

  it("reads what can be read and lists the rest", async () => {
    const folder = temporaryFolder();
    const files = ["0.png", "1.png", "bad.png"].map((name) => join(folder, name));
    await writePng(files[0] ?? "", part(0), SIZE);
    await writePng(files[1] ?? "", part(1), SIZE);
    writeFileSync(files[2] ?? "", "no picture");
    const progress: number[] = [];
    const sieve = new Sieve(SIZE);
    const onProgress = (done: number): void => {
      progress.push(done);
    };
    const kept = await collect(cleanNormals(files, sieve, { ...options, onProgress }));
    expect(kept.map(({ file }) => file)).toEqual(files.slice(0, 2));
    expect(kept.map(({ data }) => new Uint8Array(data))).toEqual([part(0), part(1)]);
    expect(sieve.report().unreadable).toHaveLength(1);
    expect(progress).toEqual([1, 2, 3]);
  });

  it("refuses too few with the numbers and a remedy", async () => {
    const file = join(temporaryFolder(), "0.png");
    await writePng(file, part(0), SIZE);
    const clean = collect(cleanNormals([file], new Sieve(SIZE), { ...options, minImages: 20 }));
    await expect(clean).rejects.toMatchObject({
      code: "too-few-normals",
      message: expect.stringMatching(
        /^1 usable normal pictures, at least 20 are needed.*Collect 19 more/,
      ) as string,
    });
    const ofOne = cleanNormals([file], new Sieve(SIZE), { ...options, product: "gear" });
    await expect(collect(ofOne)).rejects.toThrow(/^gear: 1 usable/);
  });

  it("stops when asked", async () => {
    const signal = AbortSignal.abort(new Error("canceled"));
    const clean = collect(cleanNormals(["x.png"], new Sieve(SIZE), { ...options, signal }));
    await expect(clean).rejects.toThrow("canceled");
  });
});
