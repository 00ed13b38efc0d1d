import type { BusMessage } from "gstreamer-superficial";
import { describe, expect, test } from "vitest";
import { BusWatch } from "../../../src/inspection/capture/bus-watch.ts";

/** The addon's bus: a poll that has spoken goes on by itself only if the state is not NULL after the callback. */
class FakeBus {
  isNull = true;
  readonly #polls: ((message: BusMessage) => void)[] = [];

  get polls(): number {
    return this.#polls.length;
  }

  pollBus(onMessage: (message: BusMessage) => void): void {
    this.#polls.push(onMessage);
  }

  /** Hands over messages one by one; gives back how many nobody took. */
  post(...types: string[]): number {
    let left = types.length;
    for (const type of types) {
      const poll = this.#polls.shift();
      if (poll === undefined) break;
      left--;
      poll({ type });
      if (!this.isNull) this.#polls.push(poll);
    }
    return left;
  }
}

function watched() {
  const bus = new FakeBus();
  const seen: string[] = [];
  return { bus, seen, watch: new BusWatch(bus, ({ type }) => seen.push(type)) };
}

describe("BusWatch", () => {
  test("gets the error that stands behind many state changes of a pipeline that cannot start", () => {
    const { bus, seen, watch } = watched();
    watch.starting();
    const messages = [...Array<string>(13).fill("state-changed"), "error"];
    const left = bus.post(...messages); // the state fell back to NULL: the poll ends after one
    expect(left).toBe(13);
    watch.stopped();
    bus.post(...messages.slice(1));
    expect(seen.at(-1)).toBe("error");
  });

  test("keeps one poll over a hundred good runs", () => {
    const { bus, watch } = watched();
    for (let run = 0; run < 100; run++) {
      watch.starting();
      bus.isNull = false;
      bus.post("state-changed", "state-changed");
      watch.running();
      bus.post("qos");
      bus.isNull = true;
      watch.stopped();
      bus.post("state-changed");
    }
    expect(bus.polls).toBe(1);
    expect(watch.threads).toBe(1);
  });

  test("never counts fewer polls than there are, over failed and good starts", () => {
    const { bus, watch } = watched();
    for (let run = 0; run < 50; run++) {
      watch.starting();
      bus.isNull = run % 3 === 0; // cannot start
      bus.post("state-changed");
      if (run % 3 === 2) watch.running();
      bus.isNull = true;
      watch.stopped();
      bus.post("state-changed", "error");
      expect(watch.threads).toBeGreaterThanOrEqual(bus.polls);
      expect(bus.polls).toBeGreaterThanOrEqual(1);
    }
  });
});
