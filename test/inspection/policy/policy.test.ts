import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policySchema } from "../../../src/config/policy-schema.ts";
import type { Verdict } from "../../../src/domain/inspection.ts";
import { decide } from "../../../src/inspection/decide.ts";
import { LinePolicy } from "../../../src/inspection/policy/line-policy.ts";
import { LineStopWatch } from "../../../src/inspection/policy/line-stop.ts";
import { Vote } from "../../../src/inspection/policy/vote.ts";

const RUNS = { seed: 7, numRuns: 500 };
const verdicts = fc.array(fc.constantFrom<Verdict>("OK", "NG", "WARN", "ERR"), { maxLength: 80 });

describe("N of M", () => {
  it("counts those above among the newest", () => {
    const size = fc
      .integer({ min: 1, max: 9 })
      .chain((of) => fc.tuple(fc.integer({ min: 1, max: of }), fc.constant(of)));
    fc.assert(
      fc.property(size, fc.array(fc.boolean(), { maxLength: 40 }), ([needed, of], pictures) => {
        const vote = new Vote({ needed, of });
        const votes = pictures.map((above) => vote.add(above));
        const naive = pictures.map(
          (_, at) => pictures.slice(Math.max(0, at - of + 1), at + 1).filter(Boolean).length >= needed,
        );
        expect(votes).toEqual(naive);
      }),
      RUNS,
    );
  });

  it("is refused where it can never come true", () => {
    expect(policySchema.safeParse({ vote: { needed: 3, of: 2 } }).success).toBe(false);
  });
});

describe("the line stop", () => {
  it("never comes with the defaults", () => {
    fc.assert(
      fc.property(verdicts, (all) => {
        const watch = new LineStopWatch(policySchema.parse({}));
        expect(all.map((verdict) => watch.note(verdict))).toEqual(all.map(() => null));
      }),
      RUNS,
    );
  });

  it.each(["NG", "ERR"] as const)("comes with a streak of %s as a plain count says", (kind) => {
    const key = kind === "NG" ? "stopAfterNg" : "stopAfterErr";
    fc.assert(
      fc.property(verdicts, fc.integer({ min: 1, max: 5 }), (all, limit) => {
        const watch = new LineStopWatch(policySchema.parse({ [key]: limit }));
        const stops = all.map((verdict) => watch.note(verdict) !== null);
        const naive = all.map(
          (_, at) => at + 1 >= limit && all.slice(at + 1 - limit, at + 1).every((v) => v === kind),
        );
        expect(stops).toEqual(naive);
      }),
      RUNS,
    );
  });

  it("comes with a rate of NG among judged parts, once enough were judged", () => {
    fc.assert(
      fc.property(
        verdicts,
        fc.integer({ min: 10, max: 20 }),
        fc.constantFrom(0.2, 0.5),
        (all, parts, share) => {
          const watch = new LineStopWatch(policySchema.parse({ stopNgRate: { share, parts } }));
          const stops = all.map((verdict) => watch.note(verdict)?.code ?? null);
          const naive = all.map((_, at) => {
            const judged = all.slice(0, at + 1).filter((verdict) => verdict !== "ERR");
            const newest = judged.slice(-parts);
            const isOver = newest.length === parts && newest.filter((v) => v === "NG").length / parts > share;
            return isOver ? "ng-rate" : null;
          });
          expect(stops).toEqual(naive);
        },
      ),
      RUNS,
    );
  });

  it("counts anew after a reset", () => {
    const watch = new LineStopWatch(policySchema.parse({ stopAfterNg: 2 }));
    expect([watch.note("NG"), watch.note("NG")?.code]).toEqual([null, "ng-streak"]);
    watch.clear();
    expect(watch.note("NG")).toBeNull();
  });
});

describe("a vote of 2 of 3", () => {
  const policy = () =>
    new LinePolicy(policySchema.parse({ vote: { needed: 2, of: 3 }, warn: "hold" }), decide);
  it("puts a lone picture above the threshold into the grey zone, and holds NG until too few are left", () => {
    const line = policy();
    const judged = [2, 0, 2, 0, 0].map((score) => line.decide(score, { reject: 1, warn: null }));
    expect(judged.map(({ verdict }) => verdict)).toEqual(["WARN", "OK", "NG", "OK", "OK"]);
    expect(judged[0]?.action).toBe("hold");
  });
});

describe("the grey zone", () => {
  it.each(["pass", "hold", "reject"] as const)("can %s", (action) => {
    expect(decide(1.5, { reject: 2, warn: 1 }, action)).toEqual({ verdict: "WARN", action });
    expect(decide(2.5, { reject: 2, warn: 1 }, action)).toEqual({ verdict: "NG", action: "reject" });
    expect(decide(0.5, { reject: 2, warn: 1 }, action)).toEqual({ verdict: "OK", action: "pass" });
    expect(decide(Number.NaN, { reject: 2, warn: 1 }, action).action).toBe("reject");
  });
});
