import { readdirSync, readFileSync, rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readMask } from "../../src/imaging/mask.ts";
import { listLine } from "../../src/imaging/picture-folder.ts";
import { readPicture } from "../../src/imaging/read-picture.ts";
import { renderSample } from "../../src/simulator/product.ts";
import { findProduct } from "../../src/simulator/products.ts";
import { writeDataSet } from "../../src/simulator/write-data-set.ts";

const SIZE = { width: 64, height: 64 };
const STEEL = findProduct("steel");

function plan(change: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), "assayd-data-set-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { product: STEEL, folder, train: 3, good: 2, bad: 8, size: 64, seed: 5, ...change };
}

const never = new AbortController().signal;

describe("writeDataSet", () => {
  it("writes what the rest of assayd reads as an MVTec-form data set, with a mask for every defective picture", async () => {
    const asked = plan();
    const written = await writeDataSet(asked, never);
    expect(written).toEqual({
      train: 3,
      good: 2,
      bad: { scratch: 2, dent: 2, rust: 1, inclusion: 1, pits: 1, oil: 1 },
    });
    const { normals, line } = await listLine(asked.folder);
    expect(normals).toHaveLength(3);
    expect(line).toHaveLength(10);
    const defective = line.filter(({ truth }) => truth.label === "bad");
    expect(defective.every(({ mask }) => mask !== null)).toBe(true);
    for (const { mask } of defective) expect((await readMask(mask!, SIZE)).defective).toBe(true);
  });

  it("shows another part on every picture, each as it is rendered, with the mask of that picture", async () => {
    const asked = plan();
    await writeDataSet(asked, never);
    const scratched = renderSample(STEEL, { index: 5, seed: 5, size: SIZE }, "scratch"); // after 3 + 2 good parts
    const file = join(asked.folder, "test", "scratch", "000.png");
    expect(Buffer.from(await readPicture(file, SIZE)).equals(scratched.data)).toBe(true);
    const mask = await readMask(join(asked.folder, "ground_truth", "scratch", "000_mask.png"), SIZE);
    expect(mask.pixels).toEqual(scratched.mask);
    const pictures = readdirSync(asked.folder, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".png") && !name.includes("ground_truth"),
    );
    expect(pictures).toHaveLength(13);
    expect(new Set(pictures.map((name) => readFileSync(join(asked.folder, name), "base64"))).size).toBe(13);
  });

  it("tells of every picture, and stops between two", async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const writing = writeDataSet(plan(), stop.signal, (done, total) => {
      told.push(`${done}/${total}`);
      if (done === 2) stop.abort(new Error("enough"));
    });
    await expect(writing).rejects.toThrow("enough");
    expect(told).toEqual(["1/13", "2/13"]);
  });

  it("stops when asked to", async () => {
    await expect(writeDataSet(plan(), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
});
