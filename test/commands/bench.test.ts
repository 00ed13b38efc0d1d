import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { benchCommand } from "../../src/commands/bench.ts";
import {
  AIMS,
  isMet,
  latencyFigures,
  median,
  pairedRatio,
  slopeKbPer1000,
  type BenchFigures,
} from "../../src/commands/bench/figures.ts";
import { memoryOf, parseStatus } from "../../src/commands/bench/memory.ts";
import { benchText } from "../../src/commands/bench/report.ts";

const FIGURES: BenchFigures = {
  threads: 1,
  provider: "cpu",
  stationFramesPerSecond: 95,
  bareFramesPerSecond: 100,
  throughputRatio: 0.95,
  cameras: 4,
  camerasFramesPerSecond: 94,
  camerasRatio: 0.99,
  camerasLeastShare: 0.85,
  inspectorMs: 10,
  teacherMs: 5,
  inspectorToTeacherRatio: 2,
  latencyMsP50: 12,
  latencyMsP99: 16,
  inferMsP50: 10,
  inferMsP99: 12,
  overheadMsP99: 4,
  failedParts: 0,
  amplifyStepMs: null,
  distillStepMs: 250,
  trainingPeakMb: null,
  mainPeakMb: 150,
  inferencePeakMb: 200,
  capturePeakMb: 201,
  flatParts: 2000,
  mainSlopeKbPer1000: 10,
  inferenceSlopeKbPer1000: 0,
  captureSlopeKbPer1000: 900,
};

describe("figures", () => {
  test("the ratio is the median of the rounds, so that one disturbed round does not count", () => {
    expect(pairedRatio([90, 10, 99], [100, 100, 100])).toBeCloseTo(0.9);
    expect(pairedRatio([45, 90], [50, 100])).toBeCloseTo(0.9);
    expect(median([3, 1, 2])).toBe(2);
  });

  test("overhead is p99 of trigger to verdict minus p99 of the model", () => {
    const inferMs = Array.from({ length: 101 }, (_, i) => i);
    const latency = latencyFigures({ totalMs: inferMs.map((ms) => ms + 3), inferMs });
    expect(latency).toMatchObject({
      latencyMsP50: 53,
      latencyMsP99: 102,
      inferMsP50: 50,
      inferMsP99: 99,
      overheadMsP99: 3,
    });
  });

  test("a limit itself is met, what is beyond is not, what was not measured is neither", () => {
    expect(isMet("throughputRatio", 0.9)).toBe(true);
    expect(isMet("throughputRatio", 0.89)).toBe(false);
    expect(isMet("overheadMsP99", 5)).toBe(true);
    expect(isMet("overheadMsP99", 5.1)).toBe(false);
    expect(isMet("trainingPeakMb", null)).toBeNull();
    expect(isMet("mainSlopeKbPer1000", NaN)).toBeNull();
  });
});

describe("memory growth", () => {
  test("is the slope of a straight line, whatever its height", () => {
    const line = fc.record({
      kbPer1000: fc.integer({ min: -5000, max: 5000 }),
      base: fc.integer({ min: 10, max: 500 }),
    });
    fc.assert(
      fc.property(line, ({ kbPer1000, base }) => {
        const course = Array.from(
          { length: 40 },
          (_, i) => [i * 50, base + (i * 50 * kbPer1000) / 1000 / 1024] as const,
        );
        expect(slopeKbPer1000(course)).toBeCloseTo(kbPer1000, 3);
      }),
      { seed: 1 },
    );
  });

  test("leaves out the first quarter, in which heaps fill, and samples of a process that was not seen", () => {
    const warm = [0, 100, 200].map((part) => [part, part] as const);
    const flat = [300, 500, 700, 1000].map((part) => [part, 250] as const);
    expect(slopeKbPer1000([...warm, ...flat, [1000, NaN]])).toBeCloseTo(0);
    expect(slopeKbPer1000([[0, 1]])).toBeNaN();
  });

  test("is read from the kernel's figures of a process", () => {
    expect(parseStatus("Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n")).toEqual({
      residentMb: 100,
      peakMb: 200,
    });
    expect(parseStatus("Name:\tnode\nState:\tZ (zombie)\n")).toBeNull();
    expect(memoryOf(0)).toBeNull();
    expect(memoryOf(process.pid)?.peakMb).toBeGreaterThan(10);
  });
});

describe("the report", () => {
  test("says met or missed beside every figure that has an aim and was measured", () => {
    const text = benchText(FIGURES);
    expect(text).toContain("ratio 0.950 (aim ≥ 0.9, met)");
    expect(text).toMatch(
      /4 cameras, one process +94.0 frames\/s .*ratio 0.990 \(aim ≥ 0.9, met\); least share 0.85 \(aim ≥ 0.9, missed\)/,
    );
    expect(text).toContain("ratio 2.000 (aim ≤ 1.7, missed)");
    expect(text).toContain("p99 overhead 4.00 ms (aim ≤ 5, met)");
    expect(text).toMatch(
      /capture memory +peak 201 MB \(aim ≤ 200, missed\), grows 900 kB per 1,000 parts \(aim ≤ 500, missed\)/,
    );
    expect(text).toMatch(/training memory +peak not measured \(aim ≤ 4096\)/);
    expect(text.match(/, (met|missed)\)/g)).toHaveLength(Object.keys(AIMS).length - 1);
  });

  test("says nothing of several cameras where there was one", () => {
    const none = { camerasFramesPerSecond: null, camerasRatio: null, camerasLeastShare: null };
    expect(benchText({ ...FIGURES, cameras: 1, ...none })).not.toContain("cameras");
  });

  test("--help names every key of the JSON object", () => {
    let help = "";
    benchCommand()
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    for (const key of Object.keys(FIGURES)) expect(help).toMatch(new RegExp(`\\b${key}\\b`));
  });
});
