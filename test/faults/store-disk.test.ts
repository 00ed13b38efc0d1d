import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { DiskGuard } from "../../src/archive/disk-guard.ts";
import { Reserve } from "../../src/archive/reserve.ts";
import { evidenceSchema } from "../../src/config/history-schema.ts";
import { Store } from "../../src/store/store.ts";
import { inspectionOf, until } from "../messaging/plant.ts";
import { eventOf, rowOf } from "../store/store-fixture.ts";
import { canMount, fillUp } from "../full-disk.ts";

const MIB = 1024 * 1024;
const logger = pino({ level: "silent" });

/** promises.md R4, in small: a disk of 64 MiB, its reserve an eighth of that. */
describe.skipIf(!canMount())(
  "the store on a disk that others fill (needs root, to mount a small one)",
  () => {
    it("pictures go, the reserve is spent, 5,000 records more are kept or counted, and all is well once there is space", async () => {
      const disk = smallDisk("64m");
      const archive = new Archive({
        folder: join(disk, "evidence"),
        config: evidenceSchema.parse({}),
        logger,
        now: Date.now,
      });
      await archive.start();
      const store = await Store.open(join(disk, "assayd.db"), {
        maxMessages: 2000,
        historyDays: 30,
        now: Date.now,
        onFailure: (failure) => {
          guard.storeFailed(failure?.code ?? null);
        },
      });
      onTestFinished(() => store.close().catch(() => undefined));
      const reserve = await Reserve.open(join(disk, "reserve"), 32 * MIB);
      const guard: DiskGuard = new DiskGuard({
        folder: disk,
        reserve,
        archive,
        pruneHistory: () => store.makeRoom(),
        logger,
      });
      await guard.start();
      onTestFinished(() => guard.stop());
      expect([reserve.bytes, reserve.held, guard.level]).toEqual([8 * MIB, true, "well"]);
      for (let seq = 1; seq <= 20; seq += 1) {
        const inspection = inspectionOf(seq, { verdict: "NG" });
        store.append([rowOf(seq, inspection)]);
        archive.offer({
          inspection,
          kind: "frame",
          fetch: () => Promise.resolve(Buffer.alloc(100_000, seq)),
        });
        await archive.settled();
      }
      await store.flush(5000);
      expect(archive.stats).toMatchObject({ written: 20 });

      fillUp(join(disk, "others"));
      await guard.check();
      expect(archive.stats.bytes.ng).toBe(0); // pictures went first
      fillUp(join(disk, "others-2"));
      let slowest = 0;
      for (let seq = 21; seq <= 5020; seq += 1) {
        const began = performance.now();
        store.append([rowOf(seq, { detail: "after the disk was full" })]);
        slowest = Math.max(slowest, performance.now() - began);
        if (seq % 100 === 0) store.append([eventOf("threshold.set", { seq })]);
        if (seq % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10)); // far faster than any line
      }
      await until("the reserve is spent", () => !reserve.held, 30_000);
      expect(
        archive.offer({ inspection: inspectionOf(1, { verdict: "NG" }), kind: "frame", fetch: fail }),
      ).toBe(false);
      await store.flush(60_000);
      expect(store.failure).toBeNull();
      expect(slowest).toBeLessThan(1000); // appending waits for nothing

      // every record is in the history, or was pruned from its old end; the trail of events is whole
      const newest = await store.history("cam1", 1, 5020, 6000);
      expect(newest.map(({ seq }) => seq)).toEqual(
        newest.map((_, index) => 5020 - newest.length + 1 + index),
      );
      expect(newest.length).toBeGreaterThan(500);
      expect(await store.checkAudit()).toMatchObject({ entries: 50, problems: [] });
      const gaps = await store.readGaps();
      const lost = gaps.reduce((sum, { count }) => sum + count, 0);
      expect(store.outboxDepth + lost).toBe(5020 + 50);

      rmSync(join(disk, "others"));
      rmSync(join(disk, "others-2"));
      await until("well again, by itself", () => guard.level === "well" && reserve.held, 30_000);
      expect(
        archive.offer({
          inspection: inspectionOf(2, { verdict: "NG" }),
          kind: "frame",
          fetch: () => Promise.resolve(Buffer.alloc(9)),
        }),
      ).toBe(true);
      await archive.settled();
      expect(statfsSync(disk).bavail * statfsSync(disk).bsize).toBeGreaterThan(16 * MIB);
    });
  },
);

function fail(): never {
  throw new Error("must not be asked for");
}

function smallDisk(size: string): string {
  const disk = mkdtempSync(join(tmpdir(), "assayd-small-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true });
  });
  mkdirSync(join(disk, "evidence"));
  return disk;
}
