import { describe, expect, it } from "vitest";
import { Backoff, Child, type ChildExit } from "../../src/system/children.ts";

const ENTRY = new URL("./talking-child.ts", import.meta.url);

function talkingChild() {
  const answers: number[] = [];
  const exits: ChildExit[] = [];
  let heard: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const child = new Child<number | "leave", number>({
    entry: ENTRY,
    onMessage: (answer) => {
      answers.push(answer);
      heard();
    },
    onExit: (exit) => exits.push(exit),
  });
  return { child, answers, exits, answered };
}

describe("Child", () => {
  it("carries messages both ways, and stops", async () => {
    const { child, answers, exits, answered } = talkingChild();
    expect(child.send(21)).toBe(true);
    await answered;
    expect(answers).toEqual([42]);
    await child.stop();
    expect(exits).toEqual([{ code: 0, signal: null }]);
    expect(child.alive).toBe(false);
    expect(child.send(1)).toBe(false);
  });

  it("stops without complaint a child that closes the channel at the same moment", async () => {
    const children = Array.from({ length: 6 }, talkingChild);
    await Promise.all(
      children.map(async ({ child, answered }, index) => {
        child.send(1);
        await answered;
        child.send("leave");
        await new Promise((resolve) => setTimeout(resolve, index));
        await child.stop();
      }),
    );
    expect(children.every(({ child }) => !child.alive)).toBe(true);
  });

  it("kills a child that does not end in time", async () => {
    const { child, exits, answered } = talkingChild();
    child.send(1);
    await answered;
    child.kill("SIGSTOP");
    await child.stop(100);
    expect(exits).toEqual([{ code: null, signal: "SIGKILL" }]);
  });
});

describe("Backoff", () => {
  it("doubles up to its limit, and begins anew after a reset", () => {
    const backoff = new Backoff(100, 350);
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 350, 350]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});
