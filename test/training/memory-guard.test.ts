import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { TrainingError } from "../../src/domain/errors.ts";
import { guardMemory } from "../../src/training/memory-guard.ts";

describe("guardMemory", () => {
  it("speaks once when the process is above the limit, with both numbers and the remedy", async () => {
    const errors: TrainingError[] = [];
    const guard = guardMemory(1, (error) => errors.push(error));
    await vi.waitUntil(() => errors.length > 0, { timeout: 5000 });
    await sleep(600);
    guard.stop();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: "out-of-memory",
      message: expect.stringMatching(/uses \d+ MB.*memoryLimitMb = 1;.*batch/) as string,
    });
  });

  it("is silent below the limit and after it was stopped", async () => {
    const errors: TrainingError[] = [];
    const below = guardMemory(1_000_000, (error) => errors.push(error));
    guardMemory(1, (error) => errors.push(error)).stop();
    await sleep(600);
    below.stop();
    expect(errors).toEqual([]);
  });
});
