import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RecordFile } from "../../src/training/record-file.ts";
import { temporaryFolder } from "../imaging/temporary-folder.ts";

async function* records(count: number, failAt = Infinity): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n += 1) {
    if (n === failAt) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    yield await Promise.resolve(Uint8Array.of(n, 2 * n, 255 - n));
  }
}

describe("RecordFile", () => {
  it("gives every record back by its index", async () => {
    const file = await RecordFile.make(join(temporaryFolder(), "r"), 3, () => records(5));
    expect(file.count).toBe(5);
    expect(await file.read(4)).toEqual(Uint8Array.of(4, 8, 251));
    expect(await file.read(0)).toEqual(Uint8Array.of(0, 0, 255));
    await file.close();
  });

  it("is made anew by make, and opened again by openOrMake if it is whole", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "r");
    await (await RecordFile.make(path, 3, () => records(5))).close();
    await (await RecordFile.make(path, 3, () => records(2))).close();
    const form = { recordBytes: 3, count: 2 };
    const again = await RecordFile.openOrMake(path, form, () => records(0, 0));
    expect(await again.read(1)).toEqual(Uint8Array.of(1, 2, 254));
    await again.close();
    const longer = await RecordFile.openOrMake(path, { ...form, count: 3 }, () => records(3));
    expect(await longer.read(2)).toEqual(Uint8Array.of(2, 4, 253));
    await longer.close();
    expect(await readdir(folder)).toEqual(["r"]);
  });

  it("leaves nothing behind when its making fails", async () => {
    const folder = temporaryFolder();
    const form = { recordBytes: 3, count: 9 };
    await expect(RecordFile.make(join(folder, "a"), 3, () => records(9, 4))).rejects.toThrow("no space");
    await expect(RecordFile.openOrMake(join(folder, "b"), form, () => records(9, 4))).rejects.toThrow(
      "no space",
    );
    expect(await readdir(folder)).toEqual([]);
  });
});
