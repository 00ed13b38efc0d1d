import { describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/domain/inspection.ts";
import { Studies, type StudyStatus } from "../../../src/station/studies/studies.ts";
import { inspectionOf } from "../../messaging/plant.ts";

interface Fakes {
  readonly inspect?: (at: number) => Promise<Inspection>;
  readonly scores?: Readonly<Record<string, number>>;
}

function studiesOf({ inspect, scores = {} }: Fakes) {
  const told: StudyStatus[] = [];
  let part = 0;
  let ids = 0;
  const studies = new Studies({
    inspect: () => {
      part += 1;
      return inspect?.(part) ?? Promise.resolve(inspectionOf(part, { score: 0.2 + (part % 2) * 0.02 }));
    },
    challengePictures: () => Promise.resolve(Object.keys(scores).map((id) => ({ id }))),
    judge: (_camera, { id }) =>
      Number.isNaN(scores[id])
        ? Promise.reject(new Error("unreadable"))
        : Promise.resolve({ score: scores[id] ?? 0, threshold: 0.5 }),
    onChange: (status) => told.push(status),
    newId: () => String(++ids),
    now: () => 1000,
  });
  return { studies, told };
}

describe("a gauge study", () => {
  it("triggers one part again and again and ends with its repeatability", async () => {
    const { studies, told } = studiesOf({});
    const id = studies.startGauge("cam1", 30, "anna");
    expect(() => studies.startGauge("cam1", 30, "anna")).toThrow(/is running/);
    await studies.finished;
    const last = told.at(-1);
    expect(last).toMatchObject({
      id,
      type: "gauge",
      state: "completed",
      progress: 1,
      by: "anna",
      endedAt: 1000,
    });
    expect(last?.gauge).toMatchObject({ scores: 30, errors: 0, threshold: 0.5, agreement: 1 });
    expect(last?.gauge?.sigma).toBeCloseTo(0.01017, 4);
    expect(told.filter(({ state }) => state === "running").map(({ progress }) => progress)).toContain(0.5);
  });

  it("fails where the model changes meanwhile: two models have no common sigma", async () => {
    const { studies, told } = studiesOf({
      inspect: (at) => Promise.resolve(inspectionOf(at, { bundleId: at < 7 ? "b1" : "b2" })),
    });
    studies.startGauge("cam1", 10, "anna");
    await studies.finished;
    expect(told.at(-1)).toMatchObject({ state: "failed", gauge: null, error: { code: "gauge-changed" } });
  });

  it("leaves out a few parts that were not judged, and fails with the reason when there are many", async () => {
    const lost = (at: number): Inspection =>
      inspectionOf(at, { score: null, verdict: "ERR", reason: "no_frame", detail: "camera unplugged" });
    const few = studiesOf({ inspect: (at) => Promise.resolve(at === 3 ? lost(at) : inspectionOf(at)) });
    few.studies.startGauge("cam1", 10, "anna");
    await few.studies.finished;
    expect(few.told.at(-1)?.gauge).toMatchObject({ scores: 9, errors: 1 });

    const many = studiesOf({ inspect: (at) => Promise.resolve(lost(at)) });
    many.studies.startGauge("cam1", 10, "anna");
    await many.studies.finished;
    expect(many.told.at(-1)).toMatchObject({ state: "failed", error: { code: "gauge-errors" } });
    expect(many.told.at(-1)?.message).toContain("camera unplugged");
  });

  it("ends when it is cancelled, and another one may begin", async () => {
    const { studies, told } = studiesOf({});
    const id = studies.startGauge("cam1", 500, "anna");
    expect(studies.cancel("other")).toBe(false);
    expect(studies.cancel(id)).toBe(true);
    await studies.finished;
    expect(told.at(-1)?.state).toBe("canceled");
    expect(studies.cancel(id)).toBe(false);
    expect(() => studies.startGauge("cam1", 5, "anna")).not.toThrow();
    await studies.stop();
  });
});

describe("a challenge", () => {
  it("counts known defects that are above the threshold; equal to it, and unreadable, are missed", async () => {
    const { studies, told } = studiesOf({ scores: { scratch: 0.9, dent: 0.5, stain: 0.3, torn: NaN } });
    await studies.startChallenge("cam1", "anna");
    await studies.finished;
    expect(told.at(-1)).toMatchObject({
      state: "completed",
      challenge: {
        total: 4,
        caught: 1,
        missed: [
          { id: "torn", score: null },
          { id: "stain", score: 0.3 },
          { id: "dent", score: 0.5 },
        ],
      },
    });
  });

  it("is refused where nothing was labelled bad", async () => {
    const { studies } = studiesOf({});
    await expect(studies.startChallenge("cam1", "anna")).rejects.toThrow(/cmd\/label\.set/);
  });
});
