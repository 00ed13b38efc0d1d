import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { severityOf, StationAlarms, type Alarm } from "../../src/station/alarms.ts";

function alarmsWithTopics() {
  const topics = new Map<string, Alarm>();
  let seconds = 0;
  const alarms = new StationAlarms({
    nowIso: () => new Date(1000 * seconds++).toISOString(),
    onChange: (source, code, alarm) => {
      if (alarm === null) topics.delete(`${source}/${code}`);
      else topics.set(`${source}/${code}`, alarm);
    },
  });
  return { alarms, topics };
}

describe("StationAlarms", () => {
  it("leave their topic when they are both over and acknowledged, in either order", () => {
    const { alarms, topics } = alarmsWithTopics();
    alarms.raise("cam1", "stalled", "error", "no frame");
    alarms.clear("cam1", "stalled");
    expect(topics.get("cam1/stalled")).toMatchObject({ active: false, acked: false });
    alarms.acknowledge("cam1", "stalled", "anna");
    expect(topics.size).toBe(0);

    alarms.raise("cam1", "stalled", "error", "no frame");
    expect(alarms.acknowledge("cam1", null, "anna")).toEqual([
      { source: "cam1", code: "stalled", by: "anna" },
    ]);
    expect(topics.get("cam1/stalled")).toMatchObject({ active: true, acked: true });
    alarms.clear("cam1", "stalled");
    expect(topics.size).toBe(0);
  });

  it("have to be acknowledged again when they come back, with a new time", () => {
    const { alarms, topics } = alarmsWithTopics();
    alarms.raise("cam1", "stalled", "error", "no frame");
    alarms.acknowledge(null, null, "anna");
    alarms.clear("cam1", "stalled");
    alarms.raise("cam1", "stalled", "error", "no frame");
    expect(topics.get("cam1/stalled")).toMatchObject({ acked: false, since: "1970-01-01T00:00:01.000Z" });
  });

  it("that are for information leave by themselves", () => {
    const { alarms, topics } = alarmsWithTopics();
    alarms.raise("cam1", "camera-opening", severityOf("camera-opening"), "opening");
    alarms.clear("cam1", "camera-opening");
    expect(topics.size).toBe(0);
  });

  it("are named where one is acknowledged that is not there", () => {
    const { alarms } = alarmsWithTopics();
    alarms.raise("cam1", "stalled", "error", "no frame");
    expect(() => alarms.acknowledge("cam1", "burnt", "anna")).toThrow(
      /no alarm burnt; present: cam1 stalled/,
    );
    expect(alarms.acknowledge("cam2", null, "anna")).toEqual([]);
  });

  it("have a topic exactly while they are active or unacknowledged (any order of events)", () => {
    const step = fc.record({
      does: fc.constantFrom("raise", "clear", "ack"),
      source: fc.constantFrom("cam1", "cam2"),
      code: fc.constantFrom("a", "b"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { alarms, topics } = alarmsWithTopics();
        const model = new Map<string, { active: boolean; acked: boolean }>();
        for (const { does, source, code } of steps) {
          const key = `${source}/${code}`;
          const was = model.get(key);
          if (does === "raise") {
            alarms.raise(source, code, "warning", "words");
            if (was?.active !== true) model.set(key, { active: true, acked: false });
          } else if (does === "clear") {
            alarms.clear(source, code);
            if (was?.active === true && was.acked) model.delete(key);
            else if (was) model.set(key, { ...was, active: false });
          } else if (was) {
            alarms.acknowledge(source, code, "x");
            if (was.active) model.set(key, { active: true, acked: true });
            else model.delete(key);
          }
        }
        expect([...topics.keys()].toSorted()).toEqual([...model.keys()].toSorted());
        for (const [key, expected] of model) expect(topics.get(key)).toMatchObject(expected);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
