import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Feed } from "../../src/opcua/feed.ts";

interface Sent {
  readonly state?: number;
  readonly event?: number;
}

function feedWith(limit: number) {
  const sent: Sent[] = [];
  const receiver = { there: true };
  const station = { state: 0 };
  const feed = new Feed<Sent>({
    send: (message) => {
      if (receiver.there) sent.push(message);
      return receiver.there;
    },
    state: () => ({ state: station.state }),
    limit,
  });
  return { feed, sent, receiver, station };
}

describe("Feed", () => {
  it("sends the state first, then all in order", () => {
    const { feed, sent } = feedWith(10);
    feed.open();
    feed.event({ event: 1 });
    feed.stateChanged();
    feed.event({ event: 2 });
    expect(sent).toEqual([{ state: 0 }, { event: 1 }, { state: 0 }, { event: 2 }]);
  });

  it("sends of the state only the newest to one who is slow", () => {
    const { feed, sent, station } = feedWith(100);
    feed.open();
    for (let event = 0; event < 31; event += 1) feed.event({ event });
    expect(feed.underWay).toBe(32);
    for (station.state = 1; station.state < 5; station.state += 1) feed.stateChanged();
    feed.event({ event: 31 });
    expect(sent).toHaveLength(32);
    feed.done();
    feed.done();
    expect(sent.slice(32)).toEqual([{ state: 5 }, { event: 31 }]);
  });

  it("loses the oldest beyond the bound and counts it", () => {
    const { feed, sent } = feedWith(3);
    feed.open();
    for (let event = 0; event < 31 + 5; event += 1) feed.event({ event });
    expect(feed.dropped).toBe(2);
    for (let done = 0; done < 32; done += 1) feed.done();
    expect(sent.slice(32)).toEqual([{ event: 33 }, { event: 34 }, { event: 35 }]);
  });

  it("keeps nothing for one who is gone, and begins anew with the state", () => {
    const { feed, sent, receiver } = feedWith(10);
    feed.event({ event: 1 });
    feed.open();
    receiver.there = false;
    feed.event({ event: 2 });
    feed.event({ event: 3 });
    receiver.there = true;
    feed.event({ event: 4 });
    feed.open();
    expect(sent).toEqual([{ state: 0 }, { state: 0 }]);
  });

  it("accounts for every event, whatever the receiver does", () => {
    const steps = fc.array(fc.constantFrom("event", "done", "state", "close", "open"), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (taken) => {
        const { feed, sent } = feedWith(5);
        feed.open();
        let offered = 0;
        let open = true;
        for (const step of taken) {
          if (step === "event" && open) feed.event({ event: (offered += 1) });
          else if (step === "done") feed.done();
          else if (step === "state") feed.stateChanged();
          else if (step === "close") feed.close();
          else if (step === "open") feed.open();
          if (step === "close" || step === "open") open = step === "open";
          expect(feed.underWay).toBeLessThanOrEqual(32);
        }
        feed.close();
        const events = sent.flatMap(({ event }) => event ?? []);
        expect(events.length + feed.dropped).toBe(offered);
        expect(events).toEqual([...events].sort((a, b) => a - b));
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});
