import { join } from "node:path";
import { assert, asyncProperty, array, constantFrom, integer, oneof, record } from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { DAY_MS, eventOf, folder, HOUR_MS, open, rowOf, TestClock } from "./store-fixture.ts";

const seqs = (parts: readonly { readonly seq: number }[]): number[] => parts.map(({ seq }) => seq);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe("the limits of the outbox", () => {
  it("in bytes: the newest win, and what was dropped is a gap", async () => {
    const store = await open(join(folder(), "a.db"), { maxBytes: 50_000 });
    onTestFinished(() => store.close());
    store.append(upTo(100).map((seq) => rowOf(seq, {}, 1000)));
    await store.flush(2000);
    const { outboxBytes } = await store.sizes();
    expect(outboxBytes).toBeLessThanOrEqual(50_000);
    expect(outboxBytes).toBeGreaterThan(48_000);
    const kept = await store.readOutbox(0, 1000);
    expect(kept.at(-1)?.seq).toBe(100);
    expect(await store.readGaps()).toEqual([
      { camera: "cam1", reason: "outbox-full", from: 1, to: 100 - kept.length, count: 100 - kept.length },
    ]);
    expect(await store.history("cam1", 1, 100)).toHaveLength(100);
  });

  it("in days: the oldest are dropped once the clock is trusted, and told", async () => {
    const clock = new TestClock();
    const store = await open(join(folder(), "a.db"), { ...clock.options, outboxDays: 7 });
    onTestFinished(() => store.close());
    store.append(upTo(30).map((seq) => rowOf(seq)));
    await store.flush(2000);
    clock.pass(6 * DAY_MS);
    store.append([rowOf(31)]);
    await store.flush(2000);
    expect(await store.prune()).toBe(0);
    clock.pass(2 * DAY_MS);
    expect(await store.prune()).toBe(30);
    expect((await store.readOutbox(0, 99)).map(({ seq }) => seq)).toEqual([31]);
    expect(store.outboxDepth).toBe(31); // as of the last commit
    store.append([rowOf(32)]);
    await store.flush(2000);
    expect(store.outboxDepth).toBe(2);
    expect(await store.readGaps()).toEqual([
      { camera: "cam1", reason: "outbox-expired", from: 1, to: 30, count: 30 },
    ]);
  });

  it("know their total over restarts, whatever was queued, acknowledged and dropped", async () => {
    const step = record({
      add: integer({ min: 0, max: 20 }),
      pad: integer({ min: 0, max: 300 }),
      ack: integer({ min: 0, max: 15 }),
    });
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const file = join(folder(), "a.db");
        const limits = { maxMessages: 40, maxBytes: 8000 };
        let seq = 0;
        for (const { add, pad, ack } of steps) {
          const store = await open(file, limits);
          store.append(upTo(add).map(() => rowOf((seq += 1), {}, pad)));
          await store.flush(5000);
          const queued = await store.readOutbox(0, 1000);
          store.acknowledge(queued.slice(0, ack).map(({ id }) => id));
          await store.flush(5000);
          const left = await store.readOutbox(0, 1000);
          const bytes = left.reduce((sum, { topic, payload }) => sum + topic.length + payload.length, 0);
          expect(left.map(({ id }) => id)).toEqual(queued.slice(ack).map(({ id }) => id));
          expect([store.outboxDepth, (await store.sizes()).outboxBytes]).toEqual([left.length, bytes]);
          await store.close();
        }
      }),
      { seed: 7, numRuns: 4 },
    );
  }, 60_000);
});

describe("the limits of the history", () => {
  it("in bytes: the oldest inspections go, a chunk of each camera", async () => {
    const store = await open(join(folder(), "a.db"), { historyMaxBytes: 5_000_000 });
    onTestFinished(() => store.close());
    for (let first = 1; first <= 6000; first += 2000) {
      const rows = upTo(2000).map((n) => rowOf(first + n - 1, { detail: "x".repeat(600) }));
      store.append(rows);
      await store.flush(10_000);
      store.acknowledge((await store.readOutbox(0, 5000)).map(({ id }) => id));
      await store.flush(10_000);
    }
    const before = (await store.sizes()).bytes;
    expect(before).toBeGreaterThan(5_000_000);
    expect(await store.prune()).toBeGreaterThanOrEqual(2000);
    expect((await store.sizes()).bytes).toBeLessThanOrEqual(5_000_000);
    expect(await store.history("cam1", 6000, 6000)).toHaveLength(1);
    expect(await store.makeRoom()).toBe(0); // there is room already
  });

  it("a wall clock that is set forth for a while deletes nothing; the years that really pass do", async () => {
    const clock = new TestClock();
    const store = await open(join(folder(), "a.db"), { ...clock.options, historyDays: 30, outboxDays: 7 });
    onTestFinished(() => store.close());
    const record = async (seq: number): Promise<void> => {
      store.append([rowOf(seq)]);
      await store.flush(2000);
    };
    await record(1);
    clock.pass(2 * HOUR_MS);
    clock.step(12 * 365 * DAY_MS); // 2038
    await record(2);
    expect(await store.prune()).toBe(0);
    clock.pass(5 * HOUR_MS);
    expect(await store.prune()).toBe(0);
    clock.step(-12 * 365 * DAY_MS);
    clock.pass(2 * HOUR_MS);
    await record(3);
    expect(await store.prune()).toBe(0);
    clock.pass(40 * DAY_MS);
    await record(4);
    await store.prune();
    expect(seqs(await store.history("cam1", 1, 9))).toEqual([4]);
  });

  it("a clock that begins in 1970 and is then set deletes nothing of what was recorded before", async () => {
    const clock = new TestClock();
    const file = join(folder(), "a.db");
    const first = await open(file, clock.options);
    first.append([rowOf(1)]);
    await first.close();
    const wall = clock.wallMs;
    clock.wallMs = 1000; // no battery: boots in 1970
    const store = await open(file, { ...clock.options, outboxDays: 7 });
    onTestFinished(() => store.close());
    store.append([rowOf(2)]);
    await store.flush(2000);
    clock.step(wall + HOUR_MS - clock.wallMs);
    store.append([rowOf(3)]);
    await store.flush(2000);
    clock.pass(2 * HOUR_MS);
    expect(await store.prune()).toBe(0);
    expect(seqs(await store.history("cam1", 1, 9))).toEqual([1, 2, 3]);
    expect((await store.readOutbox(0, 9)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("whatever the clock does, seq and outbox keep the order of appending, and nothing young is deleted", async () => {
    const move = oneof(
      record({ kind: constantFrom("pass" as const), ms: integer({ min: 0, max: HOUR_MS / 2 }) }),
      record({
        kind: constantFrom("step" as const),
        ms: constantFrom(HOUR_MS, -HOUR_MS, 12 * 365 * DAY_MS, -56 * 365 * DAY_MS),
      }),
    );
    await assert(
      asyncProperty(array(move, { minLength: 1, maxLength: 9 }), async (moves) => {
        const clock = new TestClock();
        const store = await open(join(folder(), "a.db"), { ...clock.options, historyDays: 3, outboxDays: 3 });
        let seq = 0;
        for (const { kind, ms } of moves) {
          clock[kind](ms); // less than six hours pass in all
          store.append([rowOf((seq += 1))]);
          await store.flush(5000);
          await store.prune();
        }
        const queued = await store.readOutbox(0, 99);
        expect(queued.map((message) => message.seq)).toEqual(upTo(seq));
        expect(seqs(await store.history("cam1", 1, 99))).toEqual(upTo(seq));
        await store.close();
      }),
      { seed: 21, numRuns: 5 },
    );
  }, 60_000);
});

describe("what is found again", () => {
  it("parts by id, verdict, camera and time, with what became of them", async () => {
    const clock = new TestClock();
    const store = await open(join(folder(), "a.db"), clock.options);
    onTestFinished(() => store.close());
    for (const seq of upTo(9)) {
      clock.pass(1000);
      const verdict = seq % 3 === 0 ? "NG" : "OK";
      store.append([
        {
          ...rowOf(seq, { verdict, partId: `P${seq}`, camera: seq > 6 ? "cam2" : "cam1" }),
          context: { model: { id: "m" } },
        },
      ]);
      await store.flush(2000);
    }
    store.append([eventOf("started")]);
    store.ejected({ camera: "cam1", seq: 3, outcome: "rejected", at: clock.wallMs, errorMs: 1.5 });
    await store.flush(2000);
    const found = async (filter: Parameters<typeof store.findParts>[0]): Promise<number[]> =>
      seqs((await store.findParts(filter)).map(({ inspection }) => inspection));
    expect(await found({ verdict: "NG", limit: 9 })).toEqual([9, 6, 3]);
    expect(await found({ verdict: "OK", camera: "cam1", limit: 2 })).toEqual([5, 4]);
    expect(await found({ from: clock.wallMs - 2000, to: clock.wallMs - 1000, limit: 9 })).toEqual([8, 7]);
    expect(await store.findParts({ partId: "P3", limit: 9 })).toMatchObject([
      { recipe: "bolts", context: { model: { id: "m" } }, ejection: { outcome: "rejected", errorMs: 1.5 } },
    ]);
    expect(await store.seqRange("cam1", 0, clock.wallMs - 4000)).toEqual({ from: 1, to: 5 });
    expect(await store.seqRange("cam3", 0, Infinity)).toBeNull();
  });
});
