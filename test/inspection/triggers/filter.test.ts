import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { triggerFilterSchema } from "../../../src/config/trigger-schema.ts";
import { TriggerFilter, type FilteredTrigger } from "../../../src/inspection/triggers/filter.ts";

/** A filter whose clock a test turns. */
function testFilter(config: Record<string, number>) {
  const fired: (FilteredTrigger & { readonly firedAt: number })[] = [];
  const waiting: { at: number; run: () => void }[] = [];
  let now = 0;
  const timers = {
    now: () => now,
    after: (delayMs: number, run: () => void) => {
      const entry = { at: now + delayMs, run };
      waiting.push(entry);
      return () => {
        if (waiting.includes(entry)) waiting.splice(waiting.indexOf(entry), 1);
      };
    },
  };
  const filter = new TriggerFilter(triggerFilterSchema.parse(config), timers, (trigger) =>
    fired.push({ ...trigger, firedAt: now }),
  );
  const turnTo = (at: number): void => {
    for (let next = due(at); next; next = due(at)) {
      waiting.splice(waiting.indexOf(next), 1);
      now = next.at;
      next.run();
    }
    now = at;
  };
  const due = (at: number) => waiting.toSorted((a, b) => a.at - b.at).find((entry) => entry.at <= at);
  return { filter, fired, turnTo };
}

const gaps = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 });

describe("the filter of triggers", () => {
  it("passes every edge at once if nothing is set", () => {
    const { filter, fired, turnTo } = testFilter({});
    for (const at of [1, 1, 2]) {
      turnTo(at);
      filter.edge({ at });
    }
    expect(fired.map(({ firedAt, tooClose }) => [firedAt, tooClose])).toEqual([
      [1, false],
      [1, false],
      [2, false],
    ]);
  });

  it("makes every edge a part, a part too close, or a bounce, each exactly once, in order and delayed", () => {
    const limits = fc.record({
      debounceMs: fc.integer({ min: 0, max: 15 }),
      minSpacingMs: fc.integer({ min: 0, max: 40 }),
      delayMs: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(gaps, limits, (steps, config) => {
        const { filter, fired, turnTo } = testFilter(config);
        let at = 0;
        let last = -Infinity;
        let lastPart = -Infinity;
        const parts: (readonly [number, boolean])[] = [];
        for (const gap of steps) {
          at += gap;
          turnTo(at);
          filter.edge({ at });
          if (at - last >= config.debounceMs) {
            parts.push([at + config.delayMs, at - lastPart < config.minSpacingMs]);
            lastPart = at;
          }
          last = at;
        }
        turnTo(at + 100);
        expect(fired.map(({ firedAt, tooClose }) => [firedAt, tooClose])).toEqual(parts);
        expect(filter.bounced + fired.length).toBe(steps.length);
      }),
      { seed: 11, numRuns: 1000 },
    );
  });

  it("fires what waits, once, when it is flushed", () => {
    const { filter, fired, turnTo } = testFilter({ delayMs: 20 });
    filter.edge({ at: 0 });
    filter.edge({ at: 0 });
    filter.flush();
    expect(fired.map(({ firedAt, at }) => [firedAt, at])).toEqual([
      [0, 20],
      [0, 20],
    ]);
    turnTo(100);
    expect(fired).toHaveLength(2);
  });

  it("takes nothing that somebody waits for as a bounce", () => {
    const { filter, fired } = testFilter({ debounceMs: 20 });
    filter.edge({ at: 0 });
    filter.edge({ at: 1, answerTo: () => undefined });
    filter.edge({ at: 2 });
    expect([fired.length, filter.bounced]).toEqual([2, 1]);
  });
});
