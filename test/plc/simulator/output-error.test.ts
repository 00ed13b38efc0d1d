import fc from "fast-check";
import { expect, it } from "vitest";
import { letsPass, noteChange, type EjectorChange } from "../../../src/plc/simulator/ejector.ts";
import { matchChanges, plannedChanges, type Target } from "../../../src/plc/simulator/output-error.ts";

const target = (middle: number, pass: boolean): Target => ({
  triggeredAt: middle - 500,
  actFromMs: middle - 10,
  actUntilMs: middle + 20,
  pass,
});
const bare = (changes: readonly EjectorChange[]): (readonly [number, boolean])[] =>
  changes.map(({ at, passing }) => [at, passing]);

it("opens for good parts alone where the ejector rests at reject", () => {
  expect(bare(plannedChanges([target(100, true), target(300, false), target(500, true)], "reject"))).toEqual([
    [90, true],
    [120, false],
    [490, true],
    [520, false],
  ]);
});

it("acts on bad parts alone where it rests at pass", () => {
  expect(bare(plannedChanges([target(100, true), target(300, false)], "pass"))).toEqual([
    [290, false],
    [320, true],
  ]);
});

it("merges windows that touch or overlap, and lets reject win", () => {
  expect(bare(plannedChanges([target(100, true), target(130, true), target(150, true)], "reject"))).toEqual([
    [90, true],
    [170, false],
  ]);
  expect(bare(plannedChanges([target(100, true), target(115, false), target(145, true)], "reject"))).toEqual([
    [90, true],
    [105, false],
    [135, true],
    [165, false],
  ]);
});

it("finds for each planned change the real one, and none that is too far off", () => {
  const planned = plannedChanges([target(100, true), target(300, true)], "reject");
  const actual = [
    { at: 93, passing: true },
    { at: 118, passing: false },
    { at: 400, passing: true },
  ];
  expect(matchChanges(planned, actual, 25).map(({ actual: found }) => found?.at ?? null)).toEqual([
    93,
    118,
    null,
    null,
  ]);
});

it("plans what a look at every ms finds", () => {
  const targets = fc.array(fc.tuple(fc.integer({ min: 20, max: 400 }), fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(targets, fc.constantFrom("reject" as const, "pass" as const), (drawn, resting) => {
      const all = drawn.map(([middle, pass]) => target(middle, pass));
      const changes = plannedChanges(all, resting);
      let passing = resting === "pass";
      for (let ms = 0; ms < 500; ms += 1) {
        const here = all.filter(({ actFromMs, actUntilMs }) => actFromMs <= ms && ms < actUntilMs);
        const wanted = here.length === 0 ? resting === "pass" : here.every(({ pass }) => pass);
        const now = changes.filter(({ at }) => at === ms);
        expect(now.length).toBeLessThanOrEqual(1);
        passing = now[0]?.passing ?? passing;
        expect(passing, `at ${ms} ms`).toBe(wanted);
      }
    }),
    { seed: 53, numRuns: 300 },
  );
});

it("lets a part pass only while the ejector passed all the time that the part was there", () => {
  const changes: EjectorChange[] = [];
  for (const change of [
    { at: 0, passing: false },
    { at: 100, passing: true },
    { at: 110, passing: true },
    { at: 200, passing: false },
    { at: 201, passing: true },
  ])
    noteChange(changes, change);
  expect(bare(changes)).toEqual([
    [100, true],
    [200, false],
    [201, true],
  ]);
  expect(letsPass(changes, 100, 199)).toBe(true);
  expect(letsPass(changes, 99, 150)).toBe(false);
  expect(letsPass(changes, 150, 200)).toBe(false);
  expect(letsPass(changes, 200.5, 250)).toBe(false);
  expect(letsPass(changes, 201, 900)).toBe(true);
  expect(letsPass([], 1, 2)).toBe(false);
});
