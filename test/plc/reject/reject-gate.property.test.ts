import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GateState } from "../../../src/plc/reject/passage.ts";
import { createTestGate, type TestGate } from "./gate-fixture.ts";
import { NaiveConveyor, type NaivePart } from "./naive-conveyor.ts";

const SEED = 5;
const resting = fc.constantFrom<GateState>("reject", "pass");

/** A part: ms after the one before, and its verdict some ms later, or never. */
const partPlan = fc.record({
  gapMs: fc.integer({ min: 0, max: 70 }),
  verdict: fc.constantFrom<GateState>("pass", "pass", "pass", "reject"),
  verdictAfterMs: fc.option(fc.integer({ min: 0, max: 140 }), { freq: 6 }),
});
type PartPlan = typeof partPlan extends fc.Arbitrary<infer T> ? T : never;
const parts = fc.array(partPlan, { minLength: 1, maxLength: 12 });
const restarts = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 2 });

interface Step {
  readonly enter: readonly string[];
  readonly decide: readonly { readonly id: string; readonly verdict: GateState }[];
}

/** What happens at each ms, from `firstMs` on. */
function schedule(plans: readonly PartPlan[], firstMs: number): (ms: number) => Step {
  let at = firstMs;
  const planned = plans.map((plan, index) => {
    at += plan.gapMs;
    const verdictAt = plan.verdictAfterMs === null ? null : at + plan.verdictAfterMs;
    return { id: `p${index}`, at, verdictAt, verdict: plan.verdict };
  });
  return (ms) => ({
    enter: planned.filter((part) => part.at === ms).map(({ id }) => id),
    decide: planned.filter(({ verdictAt }) => verdictAt === ms),
  });
}

function play(step: Step, { gate, clock }: TestGate, model: NaiveConveyor, position: number): void {
  for (const id of step.enter) {
    gate.part({ id, at: clock.now() });
    model.enter(id, position);
  }
  for (const { id, verdict } of step.decide) {
    gate.verdict(id, verdict);
    model.decide(id, verdict);
  }
}

/** What must have become of each part that the newest gate followed to its end. */
function fates(seen: ReadonlyMap<NaivePart, Set<GateState>>): Record<string, GateState> {
  return Object.fromEntries(
    [...seen].map(([{ id }, states]) => [id, states.has("reject") ? "reject" : "pass"]),
  );
}

describe("a gate beside a model that looks at every part every ms", () => {
  it("does exactly the same on a conveyor of constant speed, whatever comes when, over restarts", () => {
    const endMs = 1100;
    const run = (plans: PartPlan[], restartsAt: number[], rest: GateState): void => {
      let test = createTestGate({ resting: rest });
      const model = new NaiveConveyor(rest);
      model.restart(0);
      const stepAt = schedule(plans, 1);
      let seen = new Map<NaivePart, Set<GateState>>();
      const wrong: string[] = [];
      for (let ms = 1; ms < endMs; ms += 1) {
        test.clock.runTo(ms);
        model.moveTo(ms);
        if (restartsAt.includes(ms)) {
          void test.gate.stop();
          test = createTestGate({ resting: rest, clock: test.clock });
          model.restart(ms);
          seen = new Map();
        }
        play(stepAt(ms), test, model, ms);
        test.clock.runTo(ms + 0.5);
        const state = test.state();
        if (state !== model.stateAt(ms)) wrong.push(`${state} at ${ms}`);
        for (const part of model.inFront(ms)) seen.set(part, (seen.get(part) ?? new Set()).add(state));
      }
      expect(wrong).toEqual([]);
      const followed = new Set(test.ejected.map(({ id }) => id));
      const expected = fates(new Map([...seen].filter(([{ id }]) => followed.has(id))));
      expect(Object.fromEntries(test.ejected.map(({ id, ejected }) => [id, ejected]))).toEqual(expected);
      expect(followed.size).toBe(test.ejected.length);
      expect(test.gate.status.inFlight).toBe(0);
      expect(test.gate.status.faults).toEqual([]);
    };
    expect(() => {
      fc.assert(fc.property(parts, restarts, resting, run), { numRuns: 3000, seed: SEED });
    }).not.toThrow();
  }, 120_000);

  it("behind an encoder never shows a pass to an unproven part and never rejects a proven one alone, over stops and reversals", () => {
    const segments = fc.array(
      fc.record({ ms: fc.integer({ min: 3, max: 80 }), speed: fc.constantFrom(1, 1, 2, 0.5, 0, -1) }),
      { minLength: 4, maxLength: 20 },
    );
    const run = (plans: PartPlan[], motion: { ms: number; speed: number }[], rest: GateState): void => {
      const test = createTestGate({ resting: rest, encoder: {} });
      const model = new NaiveConveyor(rest);
      const stepAt = schedule(plans, 1);
      const speeds = [...motion, { ms: 500, speed: 1 }].flatMap(({ ms, speed }) =>
        new Array<number>(ms).fill(speed),
      );
      const provenEarly = new Set<string>();
      const wrong: string[] = [];
      let position = 0;
      let farthest = 0;
      test.gate.encoder(0, 0);
      model.restart(0);
      for (const [index, speed] of speeds.entries()) {
        const ms = index + 1;
        position += speed;
        farthest = Math.max(farthest, position);
        test.clock.runTo(ms);
        test.gate.encoder(position, ms);
        model.moveTo(position);
        const step = stepAt(ms);
        play(step, test, model, position);
        for (const { id, verdict } of step.decide) {
          const part = model.parts.find((candidate) => candidate.id === id);
          if (verdict === "pass" && part && farthest < part.start - 4) provenEarly.add(id); // 2 counts a ms, seen 1 ms ahead
        }
        const inFront = model.inFront(position);
        const state = test.state();
        const certain = inFront.every(({ id }) => provenEarly.has(id));
        const mustReject = model.unknown || inFront.some(({ proven }) => !proven);
        const must = mustReject ? "reject" : inFront.length === 0 ? rest : certain ? "pass" : state;
        if (state !== must) wrong.push(`${state} at ${ms}`);
      }
      expect(wrong).toEqual([]);
      expect(new Set(test.ejected.map(({ id }) => id)).size).toBe(test.ejected.length);
      expect(test.ejected.filter(({ ejected, proven }) => ejected === "pass" && !proven)).toEqual([]);
    };
    expect(() => {
      fc.assert(fc.property(parts, segments, resting, run), { numRuns: 1500, seed: SEED });
    }).not.toThrow();
  }, 120_000);

  it("whose event loop sleeps now and then lets nothing go by unproven without a fault, and accounts for every part once", () => {
    const sleeps = fc.array(
      fc.record({ at: fc.integer({ min: 1, max: 400 }), ms: fc.integer({ min: 1, max: 90 }) }),
      {
        maxLength: 5,
      },
    );
    const run = (plans: PartPlan[], naps: { at: number; ms: number }[], rest: GateState): void => {
      const test = createTestGate({ resting: rest });
      const { gate, clock } = test;
      const stepAt = schedule(plans, 120);
      for (let ms = 1; ms < 1200; ms += 1) {
        const asleep = naps.some((nap) => nap.at <= ms && ms < nap.at + nap.ms);
        if (asleep) continue;
        clock.sleepTo(ms);
        // what would have come while it slept comes now, in order
        for (
          let missed = ms;
          missed === ms || naps.some((nap) => nap.at <= missed && missed < nap.at + nap.ms);
          missed -= 1
        ) {
          const { enter, decide } = stepAt(missed);
          for (const id of enter) gate.part({ id, at: missed });
          for (const { id, verdict } of decide) gate.verdict(id, verdict);
        }
      }
      expect(test.ejected.map(({ id }) => id).toSorted()).toEqual(
        plans.map((_, index) => `p${index}`).toSorted(),
      );
      const escaped = test.ejected.some(({ ejected, proven }) => ejected === "pass" && !proven);
      expect(gate.status.faults.some(({ code }) => code === "reject-missed")).toBe(escaped);
      if (naps.every(({ ms }) => ms < 10)) expect(gate.status.lateSwitchings).toBe(0);
    };
    expect(() => {
      fc.assert(fc.property(parts, sleeps, resting, run), { numRuns: 1500, seed: SEED });
    }).not.toThrow();
  }, 120_000);
});
