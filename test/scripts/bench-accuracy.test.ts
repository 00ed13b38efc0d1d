import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const bench = (...args: readonly string[]) =>
  spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "scripts/bench-accuracy.ts", ...args],
    { encoding: "utf8", cwd: new URL("../..", import.meta.url) },
  );

it.each([["--frobnicate"], ["--seeds=none"], ["--size=gear=big"]])("refuses %s in words", (option) => {
  const { status, stdout, stderr } = bench(option);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^bench:accuracy: [^\n]*(frobnicate|seeds|size)/);
  expect(stderr).not.toContain("    at ");
});
