import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STAGES, type JobProgress, type Stage } from "../../src/domain/job.ts";
import { ProgressReporter } from "../../src/training/progress.ts";

describe("ProgressReporter", () => {
  it("rises over all stages from 0 to 1, with or without stage 1", () => {
    for (const stages of [STAGES, STAGES.filter((stage) => stage !== "synthesize" && stage !== "amplify")]) {
      const reports: JobProgress[] = [];
      const progress = new ProgressReporter(
        (report) => reports.push(report),
        () => 0,
        stages,
      );
      for (const stage of stages) {
        for (const done of [0, 0.3, 1]) progress.stage(stage, { done, message: stage });
      }
      const shares = reports.map((report) => report.progress);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares[0]).toBe(0);
      expect(shares.at(-1)).toBeCloseTo(1, 12);
      expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    }
  });

  it("gives other words for the same place, once there is one", () => {
    const reports: JobProgress[] = [];
    const progress = new ProgressReporter(
      (report) => reports.push(report),
      () => 0,
    );
    progress.note("nothing yet");
    progress.stage("distill", { done: 0.5, message: "epoch 2/3", epoch: 2 });
    progress.note("on the way");
    const [{ message: first, epoch: second, ...place }, { message, epoch, ...same }] = reports as [
      JobProgress,
      JobProgress,
    ];
    expect([first, second, message, epoch]).toEqual(["epoch 2/3", 2, "on the way", null]);
    expect(same).toEqual(place);
  });

  it("tells epochs and loss, and no time left before it can tell", () => {
    let now = 500;
    const reports: JobProgress[] = [];
    const progress = new ProgressReporter(
      (report) => reports.push(report),
      () => now,
    );
    progress.stage("clean", { done: 0.1, message: "" });
    now = 10_500;
    progress.stage("distill", { done: 0, message: "epoch 1/3", epoch: 1, epochs: 3, loss: 0.5 });
    expect(progress.elapsedS).toBe(10);
    expect(reports.map(({ etaS }) => etaS)).toEqual([null, null]);
    expect(reports[1]).toMatchObject({ epoch: 1, epochs: 3, loss: 0.5 });
  });
});

/** Seconds and reports of each stage: the default method on 120 parts of 256 × 256, 2 busy cores. */
const MEASURED: readonly (readonly [Stage, number, number])[] = [
  ["clean", 1.7, 120],
  ["features", 1.3, 120],
  ["instant", 20, 1],
  ["synthesize", 51, 3200],
  ["amplify", 117, 700],
  ["distill", 136, 900],
  ["settle", 4.5, 128],
  ["calibrate", 0.7, 24],
  ["export", 0.1, 1],
  ["validate", 1.8, 1],
];

interface Shown {
  readonly atS: number;
  readonly etaS: number;
}

/** What a job shows whose stages go on steadily, each so many times as long as measured. */
function shownBy(slowness: readonly number[], resumedAt: Partial<Record<Stage, number>> = {}) {
  let nowMs = 0;
  const shown: Shown[] = [];
  const stages = [...MEASURED.map(([stage]) => stage), "promote" as const];
  const progress = new ProgressReporter(
    ({ etaS }) => {
      if (etaS !== null) shown.push({ atS: nowMs / 1000, etaS });
    },
    () => nowMs,
    stages,
  );
  for (const [at, [stage, seconds, reports]] of MEASURED.entries()) {
    const from = Math.round((resumedAt[stage] ?? 0) * reports);
    for (let report = from; report <= reports; report += 1) {
      progress.stage(stage, { done: report / reports, message: "" });
      nowMs += report < reports ? (1000 * seconds * (slowness[at] ?? 1)) / reports : 0;
    }
  }
  return { shown, totalS: nowMs / 1000 };
}

/** Highest ratio of a time left to one that was shown before; a few seconds more at the end are no growth. */
function growth(shown: readonly Shown[]): number {
  let lowest = Infinity;
  let worst = 1;
  for (const { etaS } of shown) {
    if (etaS > lowest + 3) worst = Math.max(worst, etaS / lowest);
    lowest = Math.min(lowest, etaS);
  }
  return worst;
}

const evenly = (slowness: number): readonly number[] => MEASURED.map(() => slowness);

describe("the time left", () => {
  it.each([0.2, 1, 5])("of a job %d times as long as measured is right within a fifth", (slowness) => {
    const { shown, totalS } = shownBy(evenly(slowness));
    expect(growth(shown)).toBe(1);
    expect(shown[0]?.atS).toBeLessThan(0.1 * totalS);
    const early = shown.filter(({ atS }) => atS < 0.9 * totalS);
    expect(early.length).toBeGreaterThan(1000);
    for (const { atS, etaS } of early) {
      expect(etaS).toBeGreaterThan(0.8 * (totalS - atS) - 1);
      expect(etaS).toBeLessThan(1.2 * (totalS - atS) + 1);
    }
  });

  it("never grows by more than 20 % where every stage is up to 30 % off the plan, at any speed", () => {
    const stage = fc.double({ noNaN: true, min: 1 / 1.3, max: 1.3 });
    const stages = fc.array(stage, { minLength: MEASURED.length, maxLength: MEASURED.length });
    const speed = fc.double({ noNaN: true, min: 0.2, max: 5 });
    fc.assert(
      fc.property(stages, speed, (offs, slowness) => {
        const { shown } = shownBy(offs.map((off) => off * slowness));
        expect(growth(shown)).toBeLessThanOrEqual(1.2);
      }),
      { seed: 12, numRuns: 60 },
    );
  });

  it("follows a machine that became slower", () => {
    const { shown, totalS } = shownBy(MEASURED.map(([stage]) => (stage === "distill" ? 4 : 1)));
    const late = shown.find(({ atS }) => atS > 0.6 * totalS);
    expect(late?.etaS).toBeGreaterThan(0.85 * (totalS - (late?.atS ?? 0)));
  });

  it("of a job that goes on in the middle of a stage counts what is left, at the speed since then", () => {
    const { shown, totalS } = shownBy(evenly(1), { distill: 0.6 });
    const settled = shown.filter(({ atS }) => atS > 0.85 * totalS && atS < 0.95 * totalS);
    for (const { atS, etaS } of settled) expect(Math.abs(etaS - (totalS - atS))).toBeLessThan(10);
    expect(settled.length).toBeGreaterThan(10);
  });
});
