import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const script = join(root, "scripts/install.sh");
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function install(...args: readonly string[]): { readonly destdir: string; readonly output: string } {
  const destdir = mkdtempSync(join(tmpdir(), "assayd-install-"));
  folders.push(destdir);
  const output = execFileSync(script, ["--destdir", destdir, "--units-only", "--prefix", root, ...args], {
    encoding: "utf8",
  });
  return { destdir, output };
}

const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe.skipIf(!hasAnalyze)("installed units (skipped without systemd-analyze)", () => {
  const units = ["assayd.service", "assayd-restart-argus.service", "assayd-restart-argus.path"];

  test("systemd-analyze verify has nothing to say", () => {
    const { destdir } = install("--csi");
    const files = units.map((unit) => join(destdir, "etc/systemd/system", unit));
    const verified = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], { encoding: "utf8" });
    const aboutUs = verified.stderr.split("\n").filter((line) => line.includes("assayd"));
    expect(aboutUs).toEqual([]);
  });

  test.each([[[]], [["--csi"]]])("the exposure of assayd.service is at most 2.5 of 10 (%j)", (options) => {
    const { destdir } = install(...options);
    const args = [
      "security",
      "--offline=true",
      "--threshold=25",
      "--no-pager",
      `--root=${destdir}`,
      "assayd.service",
    ];
    const checked = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  });
});

test("every placeholder is filled in", () => {
  const { destdir } = install("--csi");
  for (const file of readdirSync(destdir, { recursive: true, encoding: "utf8" })) {
    const path = join(destdir, file);
    if (statSync(path).isFile()) expect(readFileSync(path, "utf8"), path).not.toMatch(/@[A-Z]+@/);
  }
});

test("the password is readable by root alone, the configuration by the station's group", () => {
  const { destdir } = install();
  expect(statSync(join(destdir, "etc/assayd/mqtt-password")).mode & 0o777).toBe(0o600);
  expect(statSync(join(destdir, "etc/assayd/assayd.yaml")).mode & 0o777).toBe(0o640);
  expect(existsSync(join(destdir, "etc/systemd/system/assayd.service.d"))).toBe(false);
});

test("a configuration that is there is kept", () => {
  const { destdir } = install();
  const config = join(destdir, "etc/assayd/assayd.yaml");
  writeFileSync(config, "teacher: mine\n");
  execFileSync(script, ["--destdir", destdir, "--units-only", "--prefix", root]);
  expect(readFileSync(config, "utf8")).toBe("teacher: mine\n");
  expect(existsSync(join(destdir, "etc/assayd/assayd.yaml.example"))).toBe(true);
});

test("a dry run writes nothing and says what it would do", () => {
  const { destdir, output } = install("--dry-run");
  expect(readdirSync(destdir)).toEqual([]);
  expect(output).toContain("would write: ");
});

test("uninstalling removes program and units, keeps configuration", () => {
  const { destdir } = install("--csi");
  execFileSync(script, ["--destdir", destdir, "--uninstall", "--prefix", "/opt/assayd"]);
  expect(readdirSync(join(destdir, "etc/systemd/system"))).toEqual([]);
  expect(existsSync(join(destdir, "etc/assayd/assayd.yaml"))).toBe(true);
});

test("a dangerous prefix is refused", () => {
  for (const prefix of ["/", "opt/assayd"]) {
    expect(spawnSync(script, ["--dry-run", "--prefix", prefix]).status).toBe(2);
  }
});
