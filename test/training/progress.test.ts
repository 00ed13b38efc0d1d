import { describe, expect, it } from "vitest";
import { STAGES, type JobProgress } from "../../src/domain/job.ts";
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

  it("reckons the time left from the time spent, once it can tell", () => {
    let now = 500;
    const reports: JobProgress[] = [];
    const progress = new ProgressReporter(
      (report) => reports.push(report),
      () => now,
    );
    progress.stage("clean", { done: 0.1, message: "" });
    now = 10_500;
    progress.stage("distill", { done: 0, message: "epoch 1/3", epoch: 1, epochs: 3, loss: 0.5 });
    expect(reports[0]?.etaS).toBeNull();
    expect(progress.elapsedS).toBe(10);
    const done = reports[1]?.progress ?? NaN;
    expect(done).toBeGreaterThan(0.1);
    expect(reports[1]).toMatchObject({ epoch: 1, epochs: 3, loss: 0.5 });
    expect(reports[1]?.etaS).toBe(Math.round((10 / done) * (1 - done)));
  });
});
