import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Publication } from "../../src/messaging/client.ts";
import { RetainedTopics } from "../../src/messaging/retained.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function topics() {
  const sent: Publication[] = [];
  const sink = {
    connected: true,
    publish: (message: Publication) => {
      sent.push(message);
      return Promise.resolve();
    },
  };
  const retained = new RetainedTopics(
    sink,
    () => Date.now(),
    () => undefined,
  );
  return { retained, sink, payloads: () => sent.map(({ payload }) => payload) };
}

describe("RetainedTopics", () => {
  it("sends the first value at once and of a hundred quick ones the newest, ten times a second", async () => {
    const { retained, payloads } = topics();
    for (let value = 0; value < 100; value++) {
      retained.set("counters", String(value));
      await vi.advanceTimersByTimeAsync(5);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(payloads()[0]).toBe("0");
    expect(payloads().at(-1)).toBe("99");
    expect(payloads().length).toBeGreaterThanOrEqual(5);
    expect(payloads().length).toBeLessThanOrEqual(7);
  });

  it("does not hold one topic back for another", async () => {
    const { retained, payloads } = topics();
    retained.set("a", "1");
    retained.set("b", "2");
    await vi.advanceTimersByTimeAsync(0);
    expect(payloads()).toEqual(["1", "2"]);
  });

  it("sends what waits when it is asked to", async () => {
    const { retained, payloads } = topics();
    retained.set("state", "ready");
    await vi.advanceTimersByTimeAsync(10);
    retained.set("state", "not ready");
    await vi.advanceTimersByTimeAsync(10);
    expect(payloads()).toEqual(["ready"]);
    retained.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(payloads()).toEqual(["ready", "not ready"]);
  });

  it("keeps values while there is no connection, and sends the newest of each on the next", async () => {
    const { retained, sink, payloads } = topics();
    sink.connected = false;
    retained.set("state", "1");
    retained.set("state", "2");
    await vi.advanceTimersByTimeAsync(500);
    expect(payloads()).toEqual([]);
    sink.connected = true;
    retained.republish();
    await vi.advanceTimersByTimeAsync(200);
    expect(payloads()).toEqual(["2"]);
  });

  it("sends what was set while the broker was refusing the value before", async () => {
    const sent: string[] = [];
    const refused: string[] = [];
    let refuse: (error: Error) => void = () => undefined;
    const publish = ({ payload }: Publication): Promise<void> => {
      sent.push(String(payload));
      return sent.length > 1
        ? Promise.resolve()
        : new Promise((_resolve, reject) => {
            refuse = reject;
          });
    };
    const retained = new RetainedTopics({ connected: true, publish }, Date.now, (topic) =>
      refused.push(topic),
    );
    retained.set("state", "1");
    await vi.advanceTimersByTimeAsync(0);
    retained.set("state", "2");
    refuse(new Error("quota exceeded"));
    await vi.advanceTimersByTimeAsync(200);
    expect(sent).toEqual(["1", "2"]);
    expect(refused).toEqual(["state"]);
  });
});
