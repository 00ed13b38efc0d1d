import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "assayd-setup-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs bash with the set-up's functions at hand and a runtime folder of its own. */
function bash(script: string, env: Readonly<Record<string, string>> = {}) {
  const parts = ["steps", "system-packages", "node", "python-tools", "training-runtime"];
  const sources = parts.map((part) => `source "${root}/scripts/setup/${part}.sh"`).join("\n");
  const prelude = `set -euo pipefail; exec 2>&1; RUNTIME="${folder}"; QUIET=no; mkdir -p "$RUNTIME/stamps"\n${sources}\n`;
  const { status, stdout } = spawnSync("bash", ["-c", prelude + script], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    cwd: folder,
  });
  return { status, output: stdout };
}

test("a step that fails names itself and its remedy, and ends the set-up", () => {
  const { status, output } = bash(
    `thing_ready() { return 1; }; thing_install() { false; echo not reached; }
     step thing "The thing" "it is needed" "buy a new one"; echo never`,
  );
  expect(status).toBe(1);
  expect(output).toMatch(
    /The thing: it is needed\n.*failed at step 1, "The thing".*\nRemedy: buy a new one\n$/s,
  );
});

test("a step that is in place is not done again", () => {
  const { status, output } = bash(
    `thing_ready() { return 0; }; thing_install() { echo done again; }; step thing "The thing" why remedy`,
  );
  expect([status, output]).toEqual([0, "[1/6] The thing: already in place\n"]);
});

test("a download with another checksum is refused", () => {
  writeFileSync(join(folder, "wheel"), "x");
  const { status, output } = bash(`check_sha256 wheel 0000`);
  expect(status).toBe(1);
  expect(output).toContain("expected 0000");
});

test("a wheel from the cache folder is checked and unpacked in part", () => {
  const { status, output } = bash(
    `PYTHON_TOOLS="$RUNTIME/tools"; mkdir -p tools/bin cache get; ln -sf "$(command -v python3)" tools/bin/python
     python3 -c 'import zipfile; z = zipfile.ZipFile("cache/a.whl", "w"); z.writestr("a/lib.so", "1"); z.writestr("b/x", "2")'
     fetch_wheel a.whl "$(sha256sum cache/a.whl | cut -d" " -f1)" get none
     unpack_wheel get/a.whl out a/; find out -type f; unpack_wheel get/a.whl out c/`,
    { ASSAYD_CACHE_DIR: join(folder, "cache") },
  );
  expect(status).toBe(1);
  expect(output).toContain("out/a/lib.so\n");
  expect(output).not.toContain("out/b");
  expect(output).toContain("holds nothing that begins with c/: is it the right wheel?");
});

test("an unknown variant of the training runtime is refused with the known ones", () => {
  const { status, output } = bash(`fetch_tensorflow .`, { ASSAYD_TF_RUNTIME: "tpu" });
  expect(status).toBe(1);
  expect(output).toContain('"tpu"; expected cpu-x64, cpu-arm64, cuda-x64 or jetpack');
});

test("the JetPack variant asks for NVIDIA's wheel", () => {
  const { status, output } = bash(`fetch_tensorflow .`, {
    ASSAYD_TF_RUNTIME: "jetpack",
    ASSAYD_TF_WHEEL: "",
  });
  expect(status).toBe(1);
  expect(output).toContain("needs ASSAYD_TF_WHEEL");
  expect(
    bash(`fetch_tensorflow .`, { ASSAYD_TF_RUNTIME: "jetpack", ASSAYD_TF_WHEEL: "/none.whl" }).output,
  ).toContain("there is no file /none.whl");
});

test("setup.sh refuses arguments it does not know", () => {
  const { status, stderr } = spawnSync(join(root, "scripts/setup.sh"), ["--fast"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([
    2,
    'setup.sh: unknown argument "--fast"; only --quiet and --help are known.\n',
  ]);
});
