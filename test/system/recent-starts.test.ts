import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RecentStarts } from "../../src/system/recent-starts.ts";

let folder = "";
const file = (): string => join(folder, "starts.json");
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-starts-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** What each start at these times is told; every one is a process of its own. */
async function starts(times: readonly number[]): Promise<readonly boolean[]> {
  const told: boolean[] = [];
  for (const at of times) told.push(await new RecentStarts(file()).note(at));
  return told;
}

describe("starts that did not end in order", () => {
  it("are a crash loop from the fifth within a minute on", async () => {
    expect(await starts([0, 10_000, 20_000, 30_000, 40_000, 45_000])).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it("are none if they are far enough apart, or one ended in order", async () => {
    expect(await starts([0, 15_000, 30_000, 45_000, 60_000, 75_000])).not.toContain(true);
    await new RecentStarts(file()).clear();
    expect(await starts([76_000, 77_000, 78_000, 79_000])).not.toContain(true);
  });

  it("are forgotten where the clock was set back, or the file is damaged", async () => {
    expect(await starts([9e12, 9e12, 9e12, 9e12, 1000])).not.toContain(true);
    await writeFile(file(), "{");
    expect(await starts([1000])).toEqual([false]);
  });

  it("are not counted on a disk that takes nothing", async () => {
    expect(await new RecentStarts(join(folder, "missing", "starts.json")).note(0)).toBe(false);
  });
});
