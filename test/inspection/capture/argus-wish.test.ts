import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cameraSourceSchema } from "../../../src/config/schema.ts";
import { ARGUS_WISH_FILE, ArgusWish } from "../../../src/inspection/capture/argus-wish.ts";
import { startCamera } from "./camera-fixture.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "argus-"));
  file = join(dir, "restart-argus");
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function wish(kind: "csi" | "v4l2", path = file): ArgusWish {
  const source = cameraSourceSchema.parse({ kind });
  return new ArgusWish({ camera: "cam1", source, file: path, logger: pino({ level: "silent" }) });
}

test("the third useless process in a row asks for a restart of nvargus-daemon, and then every third", async () => {
  const argus = wish("csi");
  await argus.ended();
  await argus.ended();
  argus.played();
  await argus.ended();
  await argus.ended();
  expect(existsSync(file)).toBe(false);
  await argus.ended();
  expect(readFileSync(file, "utf8")).toBe("cam1\n");
  rmSync(file);
  await argus.ended();
  await argus.ended();
  expect(existsSync(file)).toBe(false);
  await argus.ended();
  expect(existsSync(file)).toBe(true);
});

test("no other camera asks, and a folder that is not there harms nobody", async () => {
  const [usb, csi] = [wish("v4l2"), wish("csi", join(dir, "none", "restart-argus"))];
  for (let i = 0; i < 6; i++) await usb.ended();
  for (let i = 0; i < 6; i++) await csi.ended();
  expect(existsSync(file)).toBe(false);
});

test("systemd waits for the file that is written", () => {
  const unit = readFileSync(new URL("../../../systemd/assayd-restart-argus.path", import.meta.url), "utf8");
  expect(unit).toContain(`PathExists=${ARGUS_WISH_FILE}\n`);
});

test("a CSI camera on a machine without Argus asks by itself", { timeout: 30_000 }, async () => {
  await using camera = startCamera({ kind: "csi" }, {}, { argusWishFile: file });
  await camera.until(() => existsSync(file), 20_000);
  expect(camera.camera.status.restarts).toBeGreaterThanOrEqual(2);
});
