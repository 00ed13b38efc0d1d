import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { DeliveryError } from "../../src/domain/errors.ts";
import type { Publication } from "../../src/messaging/client.ts";
import { OutboxPublisher } from "../../src/messaging/outbox.ts";
import { Replays, type ReplayEnd } from "../../src/messaging/replays.ts";
import type { Gap, OutboxMessage, SeqRange, StoredPart } from "../../src/store/protocol.ts";
import { inspectionOf, until } from "./plant.ts";

/** A queue in memory, as the store gives it; `history` is what replays find. */
class Queue {
  messages: OutboxMessage[] = [];
  lastId = 0;
  gaps: Gap[] = [];
  readonly history = new Map<number, StoredPart>();

  add(count: number, at = 0): void {
    for (let n = 0; n < count; n += 1) {
      this.lastId += 1;
      const [id, payload] = [this.lastId, JSON.stringify({ id: this.lastId, historical: false })];
      this.messages.push({ id, topic: "r", payload, qos: 1, expiryS: 60, at, camera: "cam1", seq: id });
    }
  }

  readOutbox(afterId: number, limit: number): Promise<OutboxMessage[]> {
    return Promise.resolve(this.messages.filter(({ id }) => id > afterId).slice(0, limit));
  }

  acknowledge(ids: readonly number[]): void {
    this.messages = this.messages.filter(({ id }) => !ids.includes(id));
  }

  readGaps(): Promise<Gap[]> {
    return Promise.resolve(this.gaps);
  }

  gapReported(): void {
    this.gaps = [];
  }

  nextSeq(): number {
    return Math.max(0, ...this.history.keys()) + 1;
  }

  seqRange(_camera: string, from: number, to: number): Promise<SeqRange | null> {
    const times = [...this.history.values()].map(({ inspection }) => inspection);
    const within = times.filter(({ times: { triggeredAt } }) => triggeredAt >= from && triggeredAt <= to);
    const found = within.map(({ seq }) => seq);
    return Promise.resolve(found.length === 0 ? null : { from: Math.min(...found), to: Math.max(...found) });
  }

  parts(_camera: string, { from, to }: SeqRange, limit = 1000): Promise<StoredPart[]> {
    const keys = [...this.history.keys()].filter((seq) => seq >= from && seq <= to).sort((a, b) => a - b);
    return Promise.resolve(keys.slice(0, limit).map((seq) => this.history.get(seq)!));
  }

  record(from: number, to: number): void {
    for (let seq = from; seq <= to; seq += 1) {
      const inspection = inspectionOf(seq);
      this.history.set(seq, { inspection, recipe: "bolts", context: null, ejection: null });
    }
  }
}

/** Takes messages; can hold its acknowledgements back, refuse, and break. */
class Broker {
  readonly window = 20;
  readonly got: Publication[] = [];
  inFlight = 0;
  mostInFlight = 0;
  fails: ((message: Publication) => DeliveryError | null) | null = null;
  ackAfter: Promise<void> = Promise.resolve();

  async publish(message: Publication): Promise<void> {
    const failure = this.fails?.(message) ?? null;
    if (failure !== null) throw failure;
    this.got.push(message);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await this.ackAfter;
    this.inFlight -= 1;
  }

  json(): { id?: number; seq?: number; historical: boolean }[] {
    return this.got.map(({ payload }) => JSON.parse(String(payload)) as { id: number; historical: boolean });
  }
}

function line(limits: { maxResults?: number; maxPerSecond?: number } = {}) {
  const [queue, broker, ends] = [new Queue(), new Broker(), [] as ReplayEnd[]];
  const time = { ms: 0 };
  let ids = 0;
  const replays = new Replays({
    source: queue,
    resultMessage: ({ inspection: { seq } }) => ({
      topic: "r",
      payload: JSON.stringify({ seq, historical: true }),
      qos: 1,
      retain: false,
    }),
    onEnd: (end) => ends.push(end),
    onWork: () => {
      outbox.notify();
    },
    newId: () => `replay-${(ids += 1)}`,
    maxResults: 1000,
    maxPerSecond: Infinity,
    ...limits,
  });
  const refused: (string | null)[] = [];
  const outbox = new OutboxPublisher({
    source: queue,
    sink: broker,
    logger: pino({ level: "silent" }),
    replays,
    monotonicNow: () => time.ms,
    gapMessage: (gap) => ({ topic: "event", payload: JSON.stringify({ gap }), qos: 1, retain: false }),
    onSent: () => undefined,
    onRefused: (text) => refused.push(text),
  });
  onTestFinished(() => {
    outbox.disconnected();
  });
  return { queue, broker, replays, outbox, ends, time, refused };
}

const upTo = (n: number, from = 1): number[] => Array.from({ length: n }, (_, index) => from + index);

describe("OutboxPublisher", () => {
  it("sends all in order within the window, gaps first; only what was queued before it connected is historical", async () => {
    const { queue, broker, outbox } = line();
    queue.add(1200);
    queue.gaps = [{ camera: "cam1", reason: "outbox-full", from: 1, to: 9, count: 9 }];
    outbox.connected();
    queue.add(100);
    outbox.notify();
    await until("drained", () => queue.messages.length === 0);
    expect(broker.got[0]?.topic).toBe("event");
    const sent = broker.json().slice(1);
    expect(sent.map(({ id }) => id)).toEqual(upTo(1300));
    expect(sent.map(({ historical }) => historical)).toEqual(upTo(1300).map((id) => id <= 1200));
    expect(broker.got.map(({ expiryS }) => expiryS).slice(1)).toEqual(
      upTo(1300).map((id) => (id <= 1200 ? null : 60)),
    );
    expect(broker.mostInFlight).toBe(20);
    expect(outbox.published).toBe(1300);
  });

  it("takes no wall clock: rows dated years ago or ahead are as live as others", async () => {
    const { queue, broker, outbox } = line();
    outbox.connected();
    for (const at of [0, 4e12, 1e12]) queue.add(1, at);
    outbox.notify();
    await until("sent", () => broker.got.length === 3);
    expect(broker.json().map(({ historical }) => historical)).toEqual([false, false, false]);
  });

  it("sends again what was not acknowledged when the connection broke, in order", async () => {
    const { queue, broker, outbox } = line();
    queue.add(50);
    let acknowledge = (): void => undefined;
    broker.ackAfter = new Promise((_, reject) => {
      acknowledge = () => {
        reject(new DeliveryError("mqtt-closed", "gone"));
      };
    });
    outbox.connected();
    await until("the window is full", () => broker.got.length === 20);
    outbox.disconnected();
    acknowledge();
    broker.ackAfter = Promise.resolve();
    outbox.connected();
    await until("drained", () => queue.messages.length === 0);
    expect(broker.json().map(({ id }) => id)).toEqual([...upTo(20), ...upTo(50)]);
  });

  it("leaves out a message that no broker takes, and goes on", async () => {
    const { queue, broker, outbox } = line();
    queue.add(3);
    broker.fails = ({ payload }) =>
      String(payload).includes('"id":2') ? new DeliveryError("mqtt-too-large", "too large") : null;
    outbox.connected();
    await until("drained", () => queue.messages.length === 0);
    expect(broker.json().map(({ id }) => id)).toEqual([1, 3]);
  });
});

describe("Replays", () => {
  it("send what is asked for, in order, marked, and say how much was missing", async () => {
    const { queue, broker, replays, outbox, ends } = line();
    queue.record(1, 100);
    queue.record(111, 300);
    outbox.connected();
    const job = await replays.request({ camera: "cam1", from: 51, to: 250 }, "anna");
    expect(job).toMatchObject({ id: "replay-1", range: { from: 51, to: 250 } });
    await until("ended", () => ends.length === 1);
    expect(broker.json()).toEqual(
      [...upTo(50, 51), ...upTo(140, 111)].map((seq) => ({ seq, historical: true })),
    );
    expect(ends).toEqual([
      {
        id: "replay-1",
        camera: "cam1",
        by: "anna",
        state: "completed",
        from: 51,
        to: 250,
        count: 190,
        missing: 10,
      },
    ]);
    expect(replays.idle).toBe(true);
  });

  it("let live results pass first, and keep to their rate", async () => {
    const { queue, broker, replays, outbox, ends, time } = line({ maxPerSecond: 500 });
    queue.record(1, 100);
    queue.add(700);
    await replays.request({ camera: "cam1", from: 1, to: 100 }, "anna");
    outbox.connected();
    await until("the first chunk", () => broker.got.length === 750);
    expect(
      broker
        .json()
        .slice(0, 700)
        .every(({ id }) => id !== undefined),
    ).toBe(true);
    queue.add(5); // live while the replay waits for its time
    outbox.notify();
    await until("live ones", () => broker.got.length === 755);
    expect(
      broker
        .json()
        .slice(750)
        .every(({ id }) => id !== undefined),
    ).toBe(true);
    time.ms = 99; // 50 results at 500 a second: 100 ms
    outbox.notify();
    await new Promise((resolve) => setImmediate(resolve));
    expect(broker.got).toHaveLength(755);
    time.ms = 100;
    outbox.notify();
    await until("ended", () => ends.length === 1);
    expect(ends[0]).toMatchObject({ count: 100, missing: 0 });
  });

  it("go on after the connection broke, from the last acknowledged chunk", async () => {
    const { queue, broker, replays, outbox, ends } = line();
    queue.record(1, 120);
    broker.fails = ({ payload }) =>
      String(payload).includes('"seq":70') ? new DeliveryError("mqtt-closed", "gone") : null;
    outbox.connected();
    await replays.request({ camera: "cam1", from: 1 }, "anna");
    await until("the second chunk", () => broker.got.length >= 99);
    outbox.disconnected();
    broker.fails = null;
    outbox.connected();
    await until("ended", () => ends.length === 1);
    const seqs = new Set(broker.json().map(({ seq }) => seq));
    expect([...seqs].sort((a, b) => a! - b!)).toEqual(upTo(120));
    expect(ends[0]).toMatchObject({ count: 120, missing: 0 });
  });

  it("wait their turn, and can be canceled while they wait or run", async () => {
    const { queue, replays, outbox, ends } = line();
    queue.record(1, 100);
    const first = await replays.request({ camera: "cam1", from: 1, to: 100 }, "anna");
    const second = await replays.request({ camera: "cam1", from: 1, to: 60 }, "ben");
    await replays.request({ camera: "cam1", from: 1, to: 10 }, "eve");
    expect(replays.cancel(first.id)).toBe(true);
    expect(replays.cancel("replay-9")).toBe(false);
    outbox.connected();
    await until("all ended", () => ends.length === 3);
    expect(ends.map(({ id, state, count, missing }) => [id, state, count, missing])).toEqual([
      [first.id, "canceled", 0, 0],
      [second.id, "completed", 60, 0],
      ["replay-3", "completed", 10, 0],
    ]);
    for (let n = 0; n < 8; n += 1) {
      outbox.disconnected();
      await replays.request({ camera: "cam1", from: 1, to: 1 }, "anna");
    }
    await expect(replays.request({ camera: "cam1", from: 1 }, "anna")).rejects.toThrow(
      /8 replays wait already/,
    );
  });

  it("take times as well, and refuse with words what they cannot do", async () => {
    const { queue, replays } = line({ maxResults: 100 });
    queue.record(1, 300); // triggered at 1,760,000,000,000.25 all of them
    await expect(
      replays.request({ camera: "cam1", from: "2025-10-09T08:00:00Z", to: "2025-10-09T09:00:00Z" }, "anna"),
    ).rejects.toThrow(/300 results; at most 100 are replayed at once/);
    await expect(
      replays.request({ camera: "cam1", from: "2020-01-01T00:00:00Z", to: "2020-01-02" }, "a"),
    ).rejects.toThrow(/No result of cam1 was recorded/);
    for (const [from, to] of [
      [5, 4],
      [0, 4],
      [1.5, 4],
      [400, undefined],
    ] as const) {
      const request = { camera: "cam1", from, ...(to !== undefined && { to }) };
      await expect(replays.request(request, "a")).rejects.toThrow(/expected 1 ≤ from ≤ to ≤ 300/);
    }
    for (const from of ["12", "yesterday", ""])
      await expect(replays.request({ camera: "cam1", from }, "a")).rejects.toThrow(/"from" is .* ISO 8601/);
    await expect(replays.request({ camera: "cam1", from: 1, to: "2026-01-01" }, "a")).rejects.toThrow(
      /both as/,
    );
    expect(replays.idle).toBe(true);
  });
});
