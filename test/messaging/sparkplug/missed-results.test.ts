import { describe, expect, it } from "vitest";
import { MissedResults } from "../../../src/messaging/sparkplug/missed-results.ts";
import { inspectionOf } from "../plant.ts";

const part = (seq: number, camera = "cam1") => inspectionOf(seq, { camera });

function drained(missed: MissedResults, accept: (camera: string) => boolean = () => true): number[] {
  const seqs: number[] = [];
  for (let next = missed.next(accept); next !== null; next = missed.next(accept)) seqs.push(next.seq);
  return seqs;
}

describe("missed results", () => {
  it("come back in order, of cameras that are asked for", () => {
    const missed = new MissedResults(15_000);
    for (const seq of [1, 2, 3]) missed.add(part(seq));
    missed.add(part(1, "cam2"));
    expect(drained(missed, (camera) => camera === "cam2")).toEqual([1]);
    expect(drained(missed)).toEqual([1, 2, 3]);
  });

  it("include what was sent shortly before the connection was lost, before what came after", () => {
    const missed = new MissedResults(15_000);
    missed.sent(part(1), 0);
    missed.sent(part(2), 10_000);
    missed.sent(part(3), 19_000);
    missed.add(part(4));
    missed.connectionLost(20_000);
    expect(drained(missed)).toEqual([2, 3, 4]);
    missed.connectionLost(20_001);
    expect(drained(missed)).toEqual([]);
  });

  it("do not include what the broker has acknowledged", () => {
    const missed = new MissedResults(15_000);
    missed.sent(part(1), 0);
    missed.delivered();
    missed.connectionLost(1);
    expect(missed.waiting).toBe(0);
  });

  it("are at most 1,000 a camera; the oldest are given up and counted", () => {
    const missed = new MissedResults(15_000);
    for (let seq = 1; seq <= 1300; seq += 1) missed.add(part(seq));
    missed.add(part(1, "cam2"));
    expect([missed.waiting, missed.dropped]).toEqual([1001, 300]);
    expect(drained(missed)[0]).toBe(301);
  });
});
