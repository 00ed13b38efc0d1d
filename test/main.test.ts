import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

function run(script: string, ...args: readonly string[]) {
  const cwd = new URL("..", import.meta.url);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, ...args],
    { encoding: "utf8", cwd },
  );
  return { status, stdout, stderr };
}

it.each([[["frobnicate"]], [["models", "list", "--loud"]], [["models", "import-torch", "model.pth"]], [[]]])(
  "ends with 2 when it was called wrongly, as where it refuses a value itself: assayd %j",
  (args) => {
    const { status, stdout, stderr } = run("src/main.ts", ...args);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/error: |Usage: /);
    expect(stderr).not.toContain("    at ");
  },
);

it.each([[["--version"]], [["models", "--help"]]])("ends with 0 for %j", (args) => {
  const { status, stdout } = run("src/main.ts", ...args);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^(\d+\.\d+\.\d+|Usage: )/);
});
