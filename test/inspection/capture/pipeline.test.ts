import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { Child } from "../../../src/system/children.ts";

interface Round {
  readonly round: number;
  readonly frames: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly busThreads: number;
}

describe("one pipeline object", () => {
  test(
    "plays and stops 40 times without taking more memory, files or threads",
    { timeout: 30_000 },
    async () => {
      const rounds: Round[] = [];
      const ended = new EventTarget();
      new Child<never, Round>({
        entry: new URL("./reopen-fixture.ts", import.meta.url),
        env: { UV_THREADPOOL_SIZE: "24" },
        onMessage: (round) => rounds.push(round),
        onExit: () => ended.dispatchEvent(new Event("exit")),
      });
      await once(ended, "exit");
      const early = rounds[10];
      const last = rounds.at(-1);
      expect(last?.round).toBe(39);
      expect(last?.frames).toBeGreaterThanOrEqual(120);
      expect((last?.descriptors ?? 0) - (early?.descriptors ?? 0)).toBeLessThanOrEqual(2);
      expect(last?.busThreads).toBe(1);
      expect((last?.rssBytes ?? 0) - (early?.rssBytes ?? 0)).toBeLessThan(25e6); // a new object each round would be 270 MB
    },
  );
});
