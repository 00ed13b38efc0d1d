import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { StoreFailure } from "../../src/store/protocol.ts";
import { DAY_MS, folder, open, rowOf, TestClock } from "./store-fixture.ts";

describe("Store", () => {
  it("has everything after a restart: outbox in order, history, counters, next sequence number", async () => {
    const file = join(folder(), "a.db");
    const first = await open(file);
    first.append([rowOf(1), rowOf(2, { verdict: "NG" }), rowOf(3, { verdict: "ERR", reason: "late" })]);
    first.append([{ inspection: null, recipe: "", topic: "t/event", payload: "{}", qos: 1, expiryS: null }]);
    await first.flush(2000);
    first.acknowledge([1]);
    await first.close();

    const second = await open(file);
    onTestFinished(() => second.close());
    expect(second.nextSeq("cam1")).toBe(4);
    expect(second.nextSeq("cam2")).toBe(1);
    expect(second.outboxDepth).toBe(3);
    const rows = await second.readOutbox(0, 10);
    expect(rows.map(({ id, camera, seq }) => [id, camera, seq])).toEqual([
      [2, "cam1", 2],
      [3, "cam1", 3],
      [4, null, null],
    ]);
    expect((await second.history("cam1", 2, 9)).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(second.counters("cam1")).toMatchObject([
      { recipe: "bolts", triggers: 3, ok: 1, ng: 1, warn: 0, err: 1, late: 1 },
    ]);
  });

  it("never gives an id twice, even when the outbox was emptied", async () => {
    const file = join(folder(), "a.db");
    const first = await open(file);
    first.append([rowOf(1), rowOf(2)]);
    await first.flush(2000);
    first.acknowledge([1, 2]);
    await first.close();
    const second = await open(file);
    onTestFinished(() => second.close());
    second.append([rowOf(3)]);
    await second.flush(2000);
    expect((await second.readOutbox(0, 10)).map(({ id }) => id)).toEqual([3]);
  });

  it("keeps the newest messages, all inspections, and adds up what it dropped", async () => {
    const store = await open(join(folder(), "a.db"), { maxMessages: 100 });
    onTestFinished(() => store.close());
    for (let seq = 1; seq <= 250; seq += 1) {
      store.append([rowOf(seq)]);
      if (seq % 60 === 0) await store.flush(2000);
    }
    await store.flush(2000);
    expect((await store.readOutbox(0, 1000)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 100 }, (_, index) => 151 + index),
    );
    expect(await store.history("cam1", 1, 250)).toHaveLength(250);
    const [gap] = await store.readGaps();
    expect(gap).toEqual({ camera: "cam1", reason: "outbox-full", from: 1, to: 150, count: 150 });
    store.append(Array.from({ length: 10 }, (_, index) => rowOf(251 + index)));
    if (gap !== undefined) store.gapReported(gap);
    await store.flush(2000);
    expect(await store.readGaps()).toEqual([
      { camera: "cam1", reason: "outbox-full", from: 151, to: 160, count: 10 },
    ]);
  });

  it("prunes inspections older than the history, and still knows the last sequence number", async () => {
    const file = join(folder(), "a.db");
    const clock = new TestClock();
    const store = await open(file, { ...clock.options, historyDays: 1 });
    store.append([rowOf(1), rowOf(2)]);
    await store.flush(2000);
    clock.pass(2 * DAY_MS);
    store.append([rowOf(3)]);
    await store.flush(2000);
    expect(await store.prune()).toBe(2);
    expect((await store.history("cam1", 0, 10)).map(({ seq }) => seq)).toEqual([3]);
    await store.close();
    const again = await open(file);
    onTestFinished(() => again.close());
    expect(again.nextSeq("cam1")).toBe(4);
  });

  it("begins totals anew on request, and that survives a restart", async () => {
    const file = join(folder(), "a.db");
    const store = await open(file);
    store.append([rowOf(1), rowOf(2)]);
    store.resetCounters("cam1");
    store.append([rowOf(3)]);
    expect(store.counters("cam1")).toMatchObject([{ triggers: 1 }]);
    await store.close();
    const again = await open(file);
    onTestFinished(() => again.close());
    expect(again.counters("cam1")).toMatchObject([{ triggers: 1 }]);
  });

  it("sets a damaged file aside under a dated name and begins an empty one", async () => {
    const place = folder();
    writeFileSync(join(place, "a.db"), "this is no database, but forty bytes of text and more".repeat(200));
    const store = await open(join(place, "a.db"), { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    onTestFinished(() => store.close());
    expect(store.setAside).toBe(join(place, "a.db.corrupt-2026-01-02T03-04-05.000Z"));
    expect(existsSync(store.setAside ?? "")).toBe(true);
    store.append([rowOf(1)]);
    await store.flush(2000);
    expect(store.outboxDepth).toBe(1);
  });

  it("sets the file aside when it turns out damaged while running, and loses none of the waiting rows", async () => {
    const place = folder();
    const file = join(place, "a.db");
    const made = await open(file);
    made.append(Array.from({ length: 500 }, (_, index) => rowOf(index + 1, {}, 500)));
    await made.close();
    damage(file);
    const aside: string[] = [];
    const store = await open(file, { onSetAside: (path) => aside.push(path) });
    onTestFinished(() => store.close());
    store.append([rowOf(501)]);
    await store.flush(5000);
    const moved = [...aside, ...(store.setAside === null ? [] : [store.setAside])];
    expect(moved).toHaveLength(1);
    expect((await store.readOutbox(0, 1000)).at(-1)).toMatchObject({ seq: 501 });
    expect(readdirSync(place).some((name) => name.includes(".corrupt-"))).toBe(true);
  });

  it("refuses a file that a newer assayd wrote", async () => {
    const file = join(folder(), "a.db");
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(open(file)).rejects.toMatchObject({ code: "store-newer" });
  });

  it("says which file cannot be opened", async () => {
    await expect(open("/proc/nowhere/a.db")).rejects.toThrow(/\/proc\/nowhere\/a\.db.*Check the disk/);
  });
});

describe.skipIf(!canMount())("Store on a full disk (needs root to mount a small tmpfs)", () => {
  it("keeps rows in memory, gives them to the publisher, and writes them by itself when there is space", async () => {
    const place = folder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", place]);
    onTestFinished(() => void execFileSync("umount", ["-l", place]));
    const failures: (StoreFailure | null)[] = [];
    const store = await open(join(place, "a.db"), {
      onFailure: (failure) => failures.push(failure),
      maxPendingRows: 300,
    });
    onTestFinished(() => store.close().catch(() => undefined));
    store.append([rowOf(1)]);
    await store.flush(2000);
    fill(join(place, "ballast"));
    for (let seq = 2; seq <= 501; seq += 1) store.append([rowOf(seq, {}, 1000)]);
    await expect(store.flush(500)).rejects.toMatchObject({ code: "store-not-flushed" });
    expect(failures.map((failure) => failure?.code)).toEqual(["disk-full"]);
    expect(store.pending).toBe(300);
    const offered = await store.readOutbox(0, 1000);
    expect(offered.map(({ seq }) => seq)).toEqual([
      1,
      ...Array.from({ length: 300 }, (_, index) => 202 + index),
    ]);

    store.acknowledge([1, 202]);
    rmSync(join(place, "ballast"));
    await store.flush(5000);
    expect(failures.at(-1)).toBeNull();
    expect(await store.history("cam1", 202, 501)).toHaveLength(300);
    expect(await store.readGaps()).toEqual([
      { camera: "cam1", reason: "memory-full", from: 2, to: 201, count: 200 },
    ]);
    expect(store.outboxDepth).toBe(299);
  }, 15_000);
});

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const place = mkdtempSync(join(tmpdir(), "assayd-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function fill(file: string): void {
  execFileSync("sh", ["-c", 'dd if=/dev/zero of="$0" bs=4k || true', file], { stdio: "ignore" });
}

/** Overwrites the pages after the first ones: the file opens, but cannot be written. */
function damage(file: string): void {
  execFileSync("dd", ["if=/dev/urandom", `of=${file}`, "bs=4096", "seek=2", "count=300", "conv=notrunc"], {
    stdio: "ignore",
  });
}
