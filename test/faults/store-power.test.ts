import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { folder, open } from "../store/store-fixture.ts";

const WRITER = fileURLToPath(new URL("store-writer.ts", import.meta.url));
const CUTS = Number(process.env.ASSAYD_POWER_CUTS ?? 4);

/**
 * promises.md R2, §4.1: the writer is stopped, the disk's image copied as it is, and the copy mounted: what the kernel had not
 * written is gone, as after a power cut.
 */
describe.skipIf(!canMount())(
  `power cuts under load, ${CUTS} of them (needs root, to mount loop images)`,
  () => {
    it("lose no record that was said to be on the disk, and the file is whole", async () => {
      const { place, image } = emptyDisk();
      for (let cut = 0; cut < CUTS; cut += 1) {
        const acknowledged = await cutPower(place, image);
        const disk = mount(place, image);
        try {
          await check(join(disk, "assayd.db"), acknowledged);
        } finally {
          execFileSync("umount", [disk]);
        }
      }
    }, 300_000);

    it("are found out by this test where a store does not sync", async () => {
      const { place, image } = emptyDisk();
      const acknowledged = await cutPower(place, image, "unsynced");
      const disk = mount(place, image);
      const copy = join(folder(), "assayd.db");
      for (const suffix of ["", "-wal"]) {
        const file = join(disk, `assayd.db${suffix}`);
        if (existsSync(file)) copyFileSync(file, copy + suffix);
      }
      execFileSync("umount", [disk]);
      expect(recorded(copy)).toBeLessThan(acknowledged);
    }, 60_000);
  },
);

/** The newest part in a file of the unsynced writer; 0 if not even the table is there. */
function recorded(file: string): number {
  const database = new DatabaseSync(file);
  try {
    return Number(database.prepare("SELECT MAX(seq) AS last FROM part").get()?.last ?? 0);
  } catch {
    return 0;
  } finally {
    database.close();
  }
}

function emptyDisk(): { readonly place: string; readonly image: string } {
  const place = mkdtempSync(join(tmpdir(), "assayd-power-"));
  onTestFinished(() => {
    rmSync(place, { recursive: true, force: true });
  });
  const image = join(place, "disk.img");
  emptyFile(image, 64);
  execFileSync("mkfs.ext4", ["-q", image]);
  return { place, image };
}

/** Runs the writer on the image for a while, then leaves the image as the cut left it. @returns the last number that was acknowledged */
async function cutPower(place: string, image: string, ...mode: readonly string[]): Promise<number> {
  const disk = mount(place, image);
  const writer = spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    WRITER,
    join(disk, "assayd.db"),
    ...mode,
  ]);
  let said = "";
  writer.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(writer, "exit");
  try {
    while (said.split("\n").length < 40) await Promise.race([once(writer.stdout, "data"), exited]);
    writer.kill("SIGSTOP");
    copyFileSync(image, `${image}.cut`);
  } finally {
    writer.kill("SIGKILL");
    await exited;
    execFileSync("umount", [disk]);
  }
  execFileSync("mv", [`${image}.cut`, image]);
  return Number(said.trimEnd().split("\n").at(-1));
}

async function check(file: string, acknowledged: number): Promise<void> {
  const copy = join(folder(), "assayd.db");
  for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, copy + suffix);
  const store = await open(copy, { maxMessages: 100_000 });
  const parts = await store.history("cam1", 1, 1e6, 1e6);
  const queued = await store.readOutbox(0, 1e6);
  expect(store.setAside).toBeNull();
  expect(parts.length).toBeGreaterThanOrEqual(acknowledged);
  expect(parts.map(({ seq }) => seq)).toEqual(parts.map((_, index) => index + 1));
  expect(queued.flatMap(({ seq }) => seq ?? [])).toEqual(parts.map(({ seq }) => seq)); // record and message: both or none
  expect(store.outboxDepth).toBe(queued.length);
  expect(await store.checkAudit()).toMatchObject({ entries: parts.length / 10, problems: [] });
  await store.close();
  const database = new DatabaseSync(copy);
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
}

function emptyFile(path: string, mib: number): void {
  writeFileSync(path, "");
  truncateSync(path, mib * 1024 * 1024);
}

function mount(place: string, image: string): string {
  const disk = join(place, "mnt");
  mkdirSync(disk, { recursive: true });
  execFileSync("mount", ["-o", "loop", image, disk]);
  return disk;
}

/** True where this user may mount a loop image. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const place = mkdtempSync(join(tmpdir(), "assayd-loop-"));
  try {
    const image = join(place, "disk.img");
    emptyFile(image, 8);
    execFileSync("mkfs.ext4", ["-q", image], { stdio: "ignore" });
    execFileSync("umount", [mount(place, image)]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
