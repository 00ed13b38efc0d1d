import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readPicture } from "../../src/imaging/read-picture.ts";
import { Collector, type CollectionStatus } from "../../src/training/collect.ts";
import { frameOf } from "../inspection/lane-fixture.ts";

let folder: string;
let changes: CollectionStatus[];
let collector: Collector;
const dataset = (): string => join(folder, "default");
const frame = (counter: number) =>
  frameOf(counter, { width: 8, height: 4, data: new Uint8Array(96).fill(counter) });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assayd-collect-"));
  changes = [];
  collector = new Collector(dataset(), (status) => changes.push(status));
});
afterEach(async () => {
  await collector.stop();
  await rm(folder, { recursive: true });
});

const start = (wanted: number | null, reset = false, now = 1) => collector.start({ wanted, reset, now });
const pictures = async (at = dataset()) => (await readdir(at)).sort();

describe("Collector", () => {
  it("reaches the wanted number exactly, however many frames come, and ends by itself", async () => {
    await start(20);
    for (let counter = 0; collector.status.active; counter += 1) {
      collector.offer(frame(counter));
      if (counter % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(collector.status).toMatchObject({ active: false, collected: 20, wanted: 20, error: null });
    collector.offer(frame(999));
    await collector.stop();
    expect(await pictures()).toHaveLength(20);
    expect(Math.max(...changes.map(({ collected }) => collected))).toBe(20);
  });

  it("keeps the pixels unchanged", async () => {
    await start(1);
    collector.offer(frame(77));
    await collector.stop();
    const [name = ""] = await pictures();
    expect(name).toBe("1-cam1-77.png");
    const read = await readPicture(join(dataset(), name), { width: 8, height: 4 });
    expect([...read]).toEqual([...frame(77).data]);
  });

  it("drops and counts what comes faster than the disk, with a bounded queue", async () => {
    await start(null);
    for (let counter = 0; counter < 100; counter += 1) collector.offer(frame(counter));
    const { dropped } = await collector.stop();
    const kept = (await pictures()).length;
    expect(kept + dropped).toBe(100);
    expect(kept).toBeLessThanOrEqual(17); // 16 that wait and one that is written
    expect(collector.status.collected).toBe(kept);
  });

  it("goes on from what is there, and offers nothing when it is not collecting", async () => {
    collector.offer(frame(1));
    await start(2);
    collector.offer(frame(1));
    collector.offer(frame(2));
    await vi.waitUntil(() => !collector.status.active);
    const { collected, wanted } = await start(3, false, 2);
    expect([collected, wanted]).toEqual([2, 5]);
    collector.offer(frame(1));
    await collector.stop();
    expect(await pictures()).toEqual(["1-cam1-1.png", "1-cam1-2.png", "2-cam1-1.png"]);
  });

  it("begins anew on reset and keeps the old pictures aside until the next reset", async () => {
    for (const now of [1, 2, 3]) {
      await start(1, true, now);
      collector.offer(frame(now));
      await collector.stop();
    }
    expect(await pictures()).toEqual(["3-cam1-3.png"]);
    expect(await pictures(`${dataset()}.old`)).toEqual(["2-cam1-2.png"]);
  });

  it("ends with words when the disk takes no more, and can be started again", async () => {
    await start(10);
    await rm(dataset(), { recursive: true });
    await writeFile(dataset(), "a file where the folder was");
    for (let counter = 0; counter < 5; counter += 1) collector.offer(frame(counter));
    await vi.waitUntil(() => !collector.status.active);
    expect(collector.status.error).toMatch(/^collecting stopped: ENOTDIR/);
    expect(collector.status.collected).toBe(0);
    await rm(dataset());
    await start(1);
    collector.offer(frame(6));
    await vi.waitUntil(() => !collector.status.active);
    expect(collector.status).toMatchObject({ collected: 1, error: null });
    expect((await readFile(join(dataset(), "1-cam1-6.png"))).subarray(1, 4).toString()).toBe("PNG");
  });
});
