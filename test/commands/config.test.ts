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

test("check refuses input sizes that ADPS cannot cut into its crops, each where it stands", () => {
  const file = join(folder, "adps.yaml");
  const training = "training: { method: { name: auto, trained: { name: adps } } }\n";
  writeFileSync(
    file,
    `station: { inputSize: 320 }\nrecipes:\n  - name: cup\n    inputSize: 288\n  - { name: lid, inputSize: 384 }\n${training}`,
  );
  const { status, stderr } = config("check", file);
  expect(status).toBe(78);
  const [station, recipe, ...none] = stderr.trim().split("\n");
  expect(station).toBe(
    `${file}:1:23 station.inputSize: cannot be cut into 8 × 8 crops (got 320); expected a multiple of 128 for method adps; ` +
      "set 384, or lower training.method.patches",
  );
  expect(recipe).toContain(`${file}:4:16 recipes[0].inputSize: `);
  expect(none).toEqual([]);
  writeFileSync(file, "station: { inputSize: 320 }\ntraining: { method: { name: adps, patches: 4 } }\n");
  expect(config("check", file).status).toBe(0);
});
