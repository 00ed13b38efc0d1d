import { join } from "node:path";
import { writeFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readMask } from "../../src/imaging/mask.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function maskFile(values: readonly number[], width: number): Promise<string> {
  const file = join(temporaryFolder(), "mask.png");
  await sharp(Buffer.from(values), { raw: { width, height: values.length / width, channels: 1 } })
    .png()
    .toFile(file);
  return file;
}

describe("readMask", () => {
  it("scales by nearest neighbour and gives 0 and 1", async () => {
    const file = await maskFile([255, 0, 0, 255], 2);
    const { pixels, defective } = await readMask(file, { width: 4, height: 4 });
    expect([...pixels]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1]);
    expect(defective).toBe(true);
  });

  it("understands masks of 0 and 1", async () => {
    expect([...(await readMask(await maskFile([0, 1, 1, 0], 2), { width: 2, height: 2 })).pixels]).toEqual([
      0, 1, 1, 0,
    ]);
  });

  it("keeps a picture bad whose only defect pixel is lost by scaling", async () => {
    const values = Array.from({ length: 64 }, (_, i) => (i === 0 ? 255 : 0));
    const { pixels, defective } = await readMask(await maskFile(values, 8), { width: 2, height: 2 });
    expect([...pixels]).toEqual([0, 0, 0, 0]);
    expect(defective).toBe(true);
  });

  it("names a mask that is not there", async () => {
    const missing = readMask("/nowhere/0_mask.png", { width: 4, height: 4 });
    await expect(missing).rejects.toMatchObject({ code: "picture-missing" });
  });

  it("finds nothing in a black mask and names an unreadable one", async () => {
    expect((await readMask(await maskFile([0, 0, 0, 0], 2), { width: 2, height: 2 })).defective).toBe(false);
    const file = join(temporaryFolder(), "mask.png");
    writeFileSync(file, "no mask");
    await expect(readMask(file, { width: 2, height: 2 })).rejects.toMatchObject({
      code: "picture-unreadable",
    });
  });
});
