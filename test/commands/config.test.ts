import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "assayd-config-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The command alone, in a process of its own. */
function config(...args: readonly string[]) {
  const command = new URL("../../src/commands/config.ts", import.meta.url).href;
  const script =
    `import { configCommand } from ${JSON.stringify(command)};` +
    `await configCommand().parseAsync(${JSON.stringify(args)}, { from: "user" });`;
  return spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    {
      encoding: "utf8",
      cwd: new URL("../..", import.meta.url),
    },
  );
}

test("check says that the example is valid", () => {
  const { status, stdout } = config("check");
  expect([status, stdout]).toEqual([0, "config/assayd.yaml: valid\n"]);
});

test("check ends with EX_CONFIG and one line for each problem", () => {
  const file = join(folder, "bad.yaml");
  writeFileSync(file, "log: { level: loud }\nhtpp: {}\n");
  const { status, stderr, stdout } = config("check", file);
  expect(status).toBe(78);
  expect(stdout).toBe("");
  expect(
    stderr
      .trim()
      .split("\n")
      .map((line) => line.slice(file.length, file.length + 5)),
  ).toEqual([":1:15", ":2:1 "]);
  expect(stderr).toContain('did you mean "http"?');
});

test("check --json gives one object, also for a file that is not there", () => {
  const { status, stdout } = config("check", join(folder, "none.yaml"), "--json");
  expect(status).toBe(78);
  const report = JSON.parse(stdout) as { valid: boolean; problems: { message: string }[] };
  expect(report.valid).toBe(false);
  expect(report.problems[0]?.message).toContain("ENOENT");
});

test("show fills in every default", () => {
  const { status, stdout } = config("show", "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    cameras: [{ name: "cam1", deadlineMs: 300 }],
    http: { port: 9464 },
  });
});
