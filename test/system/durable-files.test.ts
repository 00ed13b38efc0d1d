import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renameDurably, syncTree, writeDurably } from "../../src/system/durable-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-durable-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("durable files", () => {
  it("replaces a file, in the order write, sync, rename, sync of the folder", async () => {
    const path = join(folder, "pointer");
    await writeFile(path, "old");
    const steps: string[] = [];
    await writeDurably(path, "new", (step) => steps.push(step));
    expect(await readFile(path, "utf8")).toBe("new");
    expect(steps).toEqual(["tmp-written", "tmp-synced", "renamed", "folder-synced"]);
    expect(await readdir(folder)).toEqual(["pointer"]);
  });

  it("leaves the old file whole when a step fails", async () => {
    const path = join(folder, "pointer");
    await writeFile(path, "old");
    const failing = writeDurably(path, "new", (step) => {
      if (step === "tmp-synced") throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    });
    await expect(failing).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["pointer"]);
  });

  it("syncs a tree and moves it to another folder", async () => {
    await mkdir(join(folder, "a/b"), { recursive: true });
    await mkdir(join(folder, "store"));
    await writeFile(join(folder, "a/b/file"), "x");
    await syncTree(join(folder, "a"));
    await renameDurably(join(folder, "a"), join(folder, "store/a"));
    expect(await readFile(join(folder, "store/a/b/file"), "utf8")).toBe("x");
  });
});
