import { spawn } from "node:child_process";
import { once } from "node:events";
import { getPriority, setPriority } from "node:os";
import { describe, expect, it } from "vitest";
import { goAfterParent, goFirst } from "../../src/system/priority.ts";

describe("priorities", () => {
  it("put the main process first where that is allowed, and its children behind it", async () => {
    const before = getPriority();
    const first = goFirst();
    expect(first).toBeLessThanOrEqual(before);
    const child = spawn("sleep", ["60"]);
    try {
      goAfterParent(child.pid);
      expect(getPriority(child.pid)).toBe(Math.max(0, first));
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
      if (first < before) setPriority(before);
    }
  });

  it("say nothing of a child that is gone", () => {
    expect(() => {
      goAfterParent(undefined);
      goAfterParent(2 ** 22 + 1);
    }).not.toThrow();
  });
});
