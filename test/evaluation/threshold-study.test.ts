import { describe, expect, it } from "vitest";
import { createRandom, normal } from "../../src/graph/random.ts";
import { normalsNeeded, studyThreshold, type ThresholdRule } from "../../src/evaluation/threshold-study.ts";
import { studyCells, thresholdTables } from "../../src/evaluation/threshold-table.ts";
import { sampleCell } from "./sample-result.ts";

const SETTINGS = { quantile: 0.99, factor: 1.1, heldOutShare: 0.2, splits: 50 };
const OPTIONS = { count: 20, splits: 50, seed: 1 };

function scoresOf(count: number): number[] {
  const random = createRandom(3);
  return Array.from({ length: count }, () => normal(random));
}

/** Rejects the upper half, and states what it likes. */
const medianRule =
  (low: number, high: number): ThresholdRule =>
  (scores) => ({
    limit: scores.toSorted((a, b) => a - b)[scores.length / 2 - 1] ?? 0,
    stated: { low, high },
  });

describe("studyThreshold", () => {
  it("counts the splits whose realised rate lies in the stated interval", () => {
    const pool = scoresOf(200);
    const honest = studyThreshold(pool, medianRule(0.1, 0.9), OPTIONS);
    expect(honest).toMatchObject({ count: 20, others: 180, splits: 50, inside: 1 });
    expect(honest.meanRejected).toBeCloseTo(0.5, 1);
    expect(honest.rejectedP90).toBeGreaterThan(honest.meanRejected);
    const boastful = studyThreshold(pool, medianRule(0, 0.01), OPTIONS);
    expect(boastful.inside).toBe(0);
    expect(boastful.meanStatedHigh).toBeCloseTo(0.01, 12);
  });

  it("gives the same for the same seed, and refuses what leaves nothing to try", () => {
    const pool = scoresOf(40);
    const rule = medianRule(0.4, 0.6);
    expect(studyThreshold(pool, rule, OPTIONS)).toEqual(studyThreshold(pool, rule, OPTIONS));
    expect(studyThreshold(pool, rule, OPTIONS)).not.toEqual(
      studyThreshold(pool, rule, { ...OPTIONS, seed: 2 }),
    );
    expect(() => studyThreshold(pool, rule, { ...OPTIONS, count: 40 })).toThrow(RangeError);
  });
});

describe("normalsNeeded", () => {
  it("is the rule of three and a half: about ln 40 / target held-out normals", () => {
    expect(normalsNeeded(0.05, 0.2)).toEqual({ target: 0.05, heldOut: 72, collected: 360 });
    expect(normalsNeeded(0.01, 0.5).heldOut).toBe(368);
  });
});

describe("the study of cells", () => {
  const good = scoresOf(60).map((score) => ({ file: "", isBad: false, kind: "good", score }));
  const cell = sampleCell("cup", 1, { scores: good, heldOutScores: scoresOf(30) });

  it("tries the station's rule with as many normals as it had, and with other numbers", () => {
    const [study] = studyCells([cell], SETTINGS);
    expect(study?.deployed).toMatchObject({ count: 30, others: 60, splits: 50 });
    expect(study?.counts.map(({ count }) => count)).toEqual([10, 20]);
    expect(study?.deployed?.meanRejected).toBeLessThan(0.2);
    const [splits, needed] = thresholdTables([study!], SETTINGS);
    expect(splits?.rows.map((row) => row[2])).toEqual(["30", "10", "20"]);
    expect(needed?.rows).toContainEqual(["5.0 %", "72", "360"]);
  });

  it("leaves out what has no good test picture", () => {
    const [study] = studyCells([{ ...cell, scores: [] }], SETTINGS);
    expect(study?.deployed).toBeNull();
  });
});
