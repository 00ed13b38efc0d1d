import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartQueue, type WaitingPart } from "../../../src/inspection/infer/part-queue.ts";

const SEED = { seed: 5 };

function queueOf(parts: readonly WaitingPart[]): PartQueue<WaitingPart> {
  const queue = new PartQueue<WaitingPart>();
  for (const part of parts) expect(queue.push(part)).toBe(true);
  return queue;
}

/** Runs all that waits, one part after the other. */
function runAll(queue: PartQueue<WaitingPart>): { part: WaitingPart; doneAt: number }[] {
  const done: { part: WaitingPart; doneAt: number }[] = [];
  let now = 0;
  for (let part = queue.take(now); part; part = queue.take(now)) {
    now += part.costMs;
    done.push({ part, doneAt: now });
  }
  return done;
}

const cameras = fc.constantFrom("a", "b", "c", "d");

describe("PartQueue", () => {
  it("runs by deadline, ties by arrival, and nothing late, wherever some order is in time", () => {
    const job = fc.record({ camera: cameras, costMs: fc.nat(50), slackMs: fc.nat(20), rank: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 16 }), (jobs) => {
        let busy = 0;
        const parts = jobs.map(({ camera, costMs, slackMs, rank }) => {
          busy += costMs;
          return { camera, costMs, deadline: busy + slackMs, rank };
        });
        const arrived = parts.toSorted((x, y) => x.rank - y.rank);
        const done = runAll(queueOf(arrived));
        expect(done.map(({ part }) => part)).toEqual(arrived.toSorted((x, y) => x.deadline - y.deadline));
        for (const { part, doneAt } of done) expect(doneAt).toBeLessThanOrEqual(part.deadline);
      }),
      SEED,
    );
  });

  it("gives every camera its share when not all parts can be in time, however short the deadlines of the others", () => {
    const overload = fc.record({
      costMs: fc.integer({ min: 1, max: 40 }),
      /** Each camera's time to the deadline, in parts' times: enough for a turn of all four, not for all that wait. */
      patience: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 9, max: 16 }))),
    });
    fc.assert(
      fc.property(overload, ({ costMs, patience }) => {
        const queue = new PartQueue<WaitingPart>();
        const waiting = new Map<string, number>();
        const inTime = new Map<string, number>();
        for (let turn = 0, now = 0; turn < 400; turn += 1, now += costMs) {
          for (const [index, parts] of patience.entries()) {
            const camera = `cam${index}`;
            for (; (waiting.get(camera) ?? 0) < 8; waiting.set(camera, (waiting.get(camera) ?? 0) + 1))
              queue.push({ camera, costMs, deadline: now + parts * costMs });
          }
          const part = queue.take(now);
          if (part === undefined) throw new Error("parts wait and none was taken");
          waiting.set(part.camera, (waiting.get(part.camera) ?? 0) - 1);
          if (now + costMs <= part.deadline) inTime.set(part.camera, (inTime.get(part.camera) ?? 0) + 1);
        }
        for (const index of patience.keys()) expect(inTime.get(`cam${index}`)).toBeGreaterThanOrEqual(90);
      }),
      { ...SEED, numRuns: 30 },
    );
  });

  it("lets a camera that comes back from a pause have no more than its turn", () => {
    const queue = new PartQueue<WaitingPart>();
    const flood = (camera: string, parts: number): void => {
      for (let i = 0; i < parts; i += 1) queue.push({ camera, costMs: 10, deadline: 60 });
    };
    flood("busy", 16);
    for (let i = 0; i < 3; i += 1) queue.take(0);
    flood("back", 4);
    const turns = Array.from({ length: 4 }, () => queue.take(0)?.camera);
    expect(turns.filter((camera) => camera === "back")).toHaveLength(2);
  });

  it("takes parts that cannot be in time any more last", () => {
    const late = { camera: "a", costMs: 10, deadline: 105 };
    const alive = { camera: "a", costMs: 10, deadline: 115 };
    const queue = queueOf([late, alive]);
    expect([queue.take(100), queue.take(110), queue.take(120)]).toEqual([alive, late, undefined]);
  });

  it("refuses the 17th part of a camera, and goes on taking those of others", () => {
    const part = { camera: "a", costMs: 1, deadline: 1000 };
    const queue = queueOf(Array.from({ length: 16 }, () => ({ ...part })));
    expect(queue.push({ ...part })).toBe(false);
    expect(queue.push({ ...part, camera: "b" })).toBe(true);
    expect(queue.length).toBe(17);
  });

  it("loses and repeats nothing, whatever is pushed, taken and removed", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("push" as const),
        camera: cameras,
        deadline: fc.nat(300),
        costMs: fc.nat(60),
      }),
      fc.record({ kind: fc.constant("take" as const), at: fc.nat(300) }),
      fc.record({ kind: fc.constant("remove" as const), which: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new PartQueue<WaitingPart>();
        const inside: WaitingPart[] = [];
        const leave = (part: WaitingPart): void => {
          expect(inside.splice(inside.indexOf(part), 1)).toEqual([part]);
        };
        for (const each of steps) {
          if (each.kind === "push") {
            const { camera, deadline, costMs } = each;
            const part = { camera, deadline, costMs };
            if (queue.push(part)) inside.push(part);
          } else if (each.kind === "take") {
            const part = queue.take(each.at);
            expect(part === undefined).toBe(inside.length === 0);
            if (part) leave(part);
          } else {
            const part = inside[each.which];
            if (part && queue.remove(part)) leave(part);
          }
          expect(queue.length).toBe(inside.length);
        }
        expect(queue.drain()).toEqual(inside);
        expect(queue.length).toBe(0);
      }),
      SEED,
    );
  });
});
