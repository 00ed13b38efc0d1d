import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Backups } from "../../src/system/backups.ts";

function station() {
  const root = mkdtempSync(join(tmpdir(), "assayd-backup-"));
  const files = {
    "etc/assayd.yaml": "station: {name: st1}\n",
    "active/bottle.json": '{"id":"b1"}',
    "active/bottle.threshold.json": '{"value":0.4}',
    "bundles/b1/manifest.json": '{"id":"b1"}',
    "bundles/b1/calibration.json": "{}",
    "bundles/b1/inspector.onnx": "x".repeat(70_000),
    "bundles/b1/golden/1.png": "png",
    "bundles/b2/manifest.json": '{"id":"b2"}',
    "bundles/b2/inspector.onnx": "y",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  let seconds = 0;
  const backups = new Backups({
    folder: join(root, "backups"),
    configFiles: [join(root, "etc/assayd.yaml")],
    bundles: join(root, "bundles"),
    active: join(root, "active"),
    activeBundles: () => ["b1"],
    now: () => Date.UTC(2026, 10, 22, 11, 0, seconds++),
  });
  return { root, backups, files };
}

const listed = (file: string): string[] => execFileSync("tar", ["-tf", file]).toString().trim().split("\n");

describe("Backups", () => {
  it("hold the settings and what describes the models, and tar reads them", async () => {
    const { root, backups } = station();
    const { file, entries } = await backups.write("settings");
    expect(file).toBe("2026-11-22T110000Z.tar");
    const names = listed(join(root, "backups", file));
    expect(names).toHaveLength(entries);
    expect(names.toSorted()).toEqual([
      "active/bottle.json",
      "active/bottle.threshold.json",
      "bundles/b1/calibration.json",
      "bundles/b1/manifest.json",
      "bundles/b2/manifest.json",
      "config/assayd.yaml",
    ]);
  });

  it("hold the active models whole if asked to, byte for byte", async () => {
    const { root, backups, files } = station();
    const { file, bytes } = await backups.write("with-models");
    const out = mkdtempSync(join(tmpdir(), "assayd-restored-"));
    execFileSync("tar", ["-xf", join(root, "backups", file), "-C", out]);
    for (const [path, text] of Object.entries(files)) {
      const name = path.replace("etc/", "config/");
      if (path === "bundles/b2/inspector.onnx") expect(existsSync(join(out, name))).toBe(false);
      else expect(readFileSync(join(out, name), "utf8")).toBe(text);
    }
    expect(bytes % 512).toBe(0);
    expect(readFileSync(join(root, "backups", file))).toHaveLength(bytes);
  });

  it("are made one after the other, and the newest 20 are kept", async () => {
    const { root, backups } = station();
    await Promise.all(Array.from({ length: 25 }, () => backups.write("settings")));
    const names = readdirSync(join(root, "backups")).toSorted();
    expect(names).toHaveLength(20);
    expect(names.at(-1)).toBe("2026-11-22T110024Z.tar");
  });

  it("say what is wrong and leave nothing half when they cannot be written", async () => {
    const { root, backups } = station();
    writeFileSync(join(root, "backups"), "a file where the folder should be");
    await expect(backups.write("settings")).rejects.toThrow(/No backup was written to .*backups/);
    expect(readdirSync(root).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
