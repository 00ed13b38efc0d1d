import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import { createJob } from "../../src/training/job.ts";
import { planOf } from "../../src/training/plan.ts";

/** The plan of a job with these settings. @param parents of its products, in order */
function plan(training: object, ...parents: readonly (string | null)[]) {
  const config = configSchema.parse({ training });
  const [first, ...more] = parents.map((parent, at) => ({ recipe: `r${at}`, normalsDir: "x", parent }));
  return planOf(createJob(config, { ...first!, alsoFor: more, now: new Date(0) }));
}

describe("planOf", () => {
  it("offers an instant model where nothing judges yet, always, or never, as is set", () => {
    const offers = (start: string, ...parents: readonly (string | null)[]) =>
      plan({ instant: { start } }, ...parents).offersInstant;
    expect([offers("first", null), offers("first", "older")]).toEqual([true, false]);
    expect([offers("always", null), offers("always", "older")]).toEqual([true, true]);
    expect([offers("never", null), offers("never", "older")]).toEqual([false, false]);
    expect(offers("first", "older", null)).toBe(true); // one of two products has no model
  });

  it("has only the stages of its method", () => {
    const stagesOf = (method: object) => plan({ method, instant: { start: "never" } }, null).stages;
    const around = { before: ["clean", "features"], after: ["settle", "calibrate", "export", "validate"] };
    expect(stagesOf({ name: "memory-bank" })).toEqual([...around.before, ...around.after, "promote"]);
    expect(stagesOf({ name: "rd" })).toEqual([...around.before, "distill", ...around.after, "promote"]);
    expect(stagesOf({ name: "adps" })).toEqual([
      ...around.before,
      "synthesize",
      "amplify",
      ...around.after,
      "promote",
    ]);
  });

  it("makes both models for auto, whoever judges meanwhile", () => {
    const { learned, instant, offersInstant, chooses, stages } = plan(
      { method: { name: "auto", trained: { name: "rd" } }, instant: { start: "never" } },
      null,
    );
    expect([learned.name, instant?.name, offersInstant, chooses]).toEqual(["rd", "memory-bank", false, true]);
    expect(stages).toEqual(expect.arrayContaining(["instant", "distill", "choose"]));
  });

  it("needs no second memory bank to start instantly with one", () => {
    const { instant, offersInstant } = plan({ method: { name: "memory-bank" } }, null);
    expect([instant, offersInstant]).toEqual([null, false]);
  });

  it("knows how much longer than usual a stage will take by its settings", () => {
    expect(plan({}, null).work).toEqual({ synthesize: 1, amplify: 1, distill: 1 });
    const method = { name: "aand", amplify: { images: 550 }, distill: { steps: 1800, batch: 8 } };
    expect(plan({ method }, null).work).toEqual({ synthesize: 0.5, amplify: 1, distill: 1 }); // and 500 with wide areas
    expect(plan({ method: { name: "rd" } }, null).work).toMatchObject({ amplify: 0, distill: 800 / 900 });
  });
});
