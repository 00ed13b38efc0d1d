import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, onTestFinished } from "vitest";
import { diskLevel } from "../../src/archive/disk-guard.ts";
import { Reserve } from "../../src/archive/reserve.ts";

const MIB = 1024 * 1024;

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), "assayd-reserve-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, "reserve");
}

test("the level of the disk: pictures stop below two reserves, the reserve is spent when the store is stuck", () => {
  const held = { freeBytes: 100 * MIB, reserveHeld: true, storeFull: false };
  expect(diskLevel(held, 32 * MIB)).toBe("well");
  expect(diskLevel({ ...held, freeBytes: 63 * MIB }, 32 * MIB)).toBe("short");
  expect(diskLevel({ ...held, freeBytes: 0, storeFull: true }, 32 * MIB)).toBe("full");
  expect(diskLevel({ freeBytes: 32 * MIB, reserveHeld: false, storeFull: true }, 32 * MIB)).toBe("short");
  expect(diskLevel({ freeBytes: 64 * MIB, reserveHeld: false, storeFull: false }, 32 * MIB)).toBe("well");
  expect(diskLevel({ freeBytes: 0, reserveHeld: false, storeFull: false }, 0)).toBe("well");
});

test("the reserve takes its space, is known after a restart, and gives it back", async () => {
  const path = file();
  const reserve = await Reserve.open(path, 2.5 * MIB);
  expect(reserve.held).toBe(false);
  await reserve.fill();
  expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(2.5 * MIB);
  const again = await Reserve.open(path, 2.5 * MIB);
  expect(again.held).toBe(true);
  await again.spend();
  expect([again.held, existsSync(path)]).toEqual([false, false]);
});

test("a reserve of another size, or half of one, is made anew; none is wanted: none is taken", async () => {
  const path = file();
  writeFileSync(path, "half");
  writeFileSync(`${path}.tmp`, "half");
  expect((await Reserve.open(path, MIB)).held).toBe(false);
  expect([existsSync(path), existsSync(`${path}.tmp`)]).toEqual([false, false]);
  const none = await Reserve.open(path, 0);
  await none.fill();
  expect([none.held, existsSync(path)]).toEqual([false, false]);
});
