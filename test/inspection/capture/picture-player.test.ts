import { describe, expect, test } from "vitest";
import {
  PicturePlayer,
  type LineContent,
  type Picture,
} from "../../../src/inspection/capture/picture-player.ts";

interface Pushed {
  readonly counter: number;
  readonly source: string;
  readonly atMs: number;
}

/** A player whose pushed pictures come back at once; its source fails where `fails` says. */
function startPlayer(
  options: { pace?: "clock" | "demand"; fps?: number; makeMs?: number; length?: number; fails?: number } = {},
) {
  const pushed: Pushed[] = [];
  let ended = 0;
  let skipped = 0;
  const at = async (
    { counter, position }: { counter: number; position: number },
    content: LineContent,
  ): Promise<Picture | null> => {
    await pause(options.makeMs ?? 0);
    if (position === options.fails) throw new Error("unreadable");
    if (position >= (options.length ?? Infinity)) return null;
    return { data: new Uint8Array(3), truth: { label: "good", source: `${content}-${position}-${counter}` } };
  };
  const player: PicturePlayer = new PicturePlayer({
    source: { at },
    pace: options.pace ?? "demand",
    fps: options.fps ?? 100,
    firstCounter: 10,
    now: () => performance.now(),
    push: (_, ptsNs) => {
      const played = player.played(ptsNs);
      if (played !== undefined)
        pushed.push({ counter: played.counter, source: played.truth.source, atMs: played.pushedMs });
    },
    onEnded: () => ended++,
    onSkipped: () => skipped++,
  });
  player.start();
  return { player, pushed, ended: () => ended, skipped: () => skipped };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("PicturePlayer", () => {
  test("pushes one picture per request, numbered from the first counter", async () => {
    const { player, pushed } = startPlayer();
    await pause(20);
    expect(pushed).toHaveLength(0);
    for (let i = 0; i < 3; i++) player.want();
    await pause(30);
    expect(pushed.map(({ source }) => source)).toEqual(["mixed-0-10", "mixed-1-11", "mixed-2-12"]);
    player.stop();
  });

  test("a change of content drops the picture made ahead, and loses no number or place", async () => {
    const { player, pushed } = startPlayer();
    player.want();
    await pause(20);
    player.line("normal");
    player.want();
    await pause(20);
    player.line("mixed");
    player.want();
    await pause(20);
    expect(pushed.map(({ source }) => source)).toEqual(["mixed-0-10", "normal-0-11", "mixed-1-12"]);
    player.stop();
  });

  test("keeps the pace although making a picture takes most of the time between two", async () => {
    const { player, pushed } = startPlayer({ pace: "clock", fps: 20, makeMs: 30 });
    await pause(1000);
    player.stop();
    const gaps = pushed.slice(2).map(({ atMs }, i) => atMs - (pushed[i + 1]?.atMs ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(45);
    expect(mean).toBeLessThan(70); // made after the turn it would be 80
  });

  test("says once that it has ended, and plays on when the content changes", async () => {
    const { player, pushed, ended } = startPlayer({ length: 1 });
    player.want();
    await pause(20);
    expect(ended()).toBe(1);
    player.line("normal");
    player.want();
    await pause(20);
    expect(pushed.map(({ source }) => source)).toEqual(["mixed-0-10", "normal-0-11"]);
    player.stop();
  });

  test("skips a picture that cannot be made, and says so", async () => {
    const { player, pushed, skipped } = startPlayer({ fails: 0 });
    player.want();
    await pause(60);
    expect(skipped()).toBe(1);
    expect(pushed.map(({ source }) => source)).toEqual(["mixed-1-10"]);
    player.stop();
  });
});
