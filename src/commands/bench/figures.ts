import { quantileOf } from "../../training/calibrate.ts";
import type { Attended } from "./protocol.ts";

/** What one run of `assayd bench` found; keys carry their units (`--json`). Null: not measured in this run. */
export interface BenchFigures {
  /** Threads of the inspector, the same on both sides of every comparison. */
  readonly threads: number;
  readonly provider: string;
  readonly stationFramesPerSecond: number;
  readonly bareFramesPerSecond: number;
  /** Median over the rounds of station / bare. */
  readonly throughputRatio: number;
  /** Of the run with several cameras (`--cameras`); 1: there was none. */
  readonly cameras: number;
  readonly camerasFramesPerSecond: number | null;
  /** Median over the rounds of all cameras together / one alone, both on one inference process. */
  readonly camerasRatio: number | null;
  /** Of the camera that had the fewest parts judged, in the worst round; 1: an even share. */
  readonly camerasLeastShare: number | null;
  readonly inspectorMs: number;
  readonly teacherMs: number;
  readonly inspectorToTeacherRatio: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
  readonly inferMsP50: number;
  readonly inferMsP99: number;
  /** latencyMsP99 − inferMsP99. */
  readonly overheadMsP99: number;
  /** Parts without a score in all station runs. */
  readonly failedParts: number;
  readonly amplifyStepMs: number | null;
  readonly distillStepMs: number | null;
  readonly trainingPeakMb: number | null;
  readonly mainPeakMb: number | null;
  readonly inferencePeakMb: number | null;
  readonly capturePeakMb: number | null;
  readonly flatParts: number;
  readonly mainSlopeKbPer1000: number;
  readonly inferenceSlopeKbPer1000: number;
  readonly captureSlopeKbPer1000: number;
}

/** One aim of a figure: `limit` is the highest (`most`) or lowest (`least`) value that meets it. */
interface Aim {
  readonly kind: "most" | "least";
  readonly limit: number;
}

const FLAT: Aim = { kind: "most", limit: 500 }; // kB per 1,000 parts: at most 10 MB over 20,000

/** Figures that have an aim. */
export const AIMS = {
  throughputRatio: { kind: "least", limit: 0.9 },
  camerasRatio: { kind: "least", limit: 0.9 },
  camerasLeastShare: { kind: "least", limit: 0.9 },
  inspectorToTeacherRatio: { kind: "most", limit: 1.7 },
  overheadMsP99: { kind: "most", limit: 5 },
  trainingPeakMb: { kind: "most", limit: 4096 },
  mainPeakMb: { kind: "most", limit: 200 },
  inferencePeakMb: { kind: "most", limit: 350 },
  capturePeakMb: { kind: "most", limit: 200 },
  mainSlopeKbPer1000: FLAT,
  inferenceSlopeKbPer1000: FLAT,
  captureSlopeKbPer1000: FLAT,
} as const satisfies Partial<Record<keyof BenchFigures, Aim>>;

/** Whether a figure meets its aim; null if it was not measured. */
export function isMet(figure: keyof typeof AIMS, value: number | null): boolean | null {
  if (value === null || Number.isNaN(value)) return null;
  const { kind, limit } = AIMS[figure];
  return kind === "most" ? value <= limit : value >= limit;
}

/** The middle value. @param values at least one */
export function median(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/**
 * Median of a[i] / b[i]: both were measured one right after the other, so what else the machine did falls out.
 * @param a,b of the same length, at least one
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / (b[i] ?? NaN)));
}

/** @param times at least one judged part */
export function latencyFigures({
  totalMs,
  inferMs,
}: Pick<Attended, "totalMs" | "inferMs">): Pick<
  BenchFigures,
  "latencyMsP50" | "latencyMsP99" | "inferMsP50" | "inferMsP99" | "overheadMsP99"
> {
  const [latencyMsP99, inferMsP99] = [quantileOf(totalMs, 0.99), quantileOf(inferMs, 0.99)];
  return {
    latencyMsP50: median(totalMs),
    latencyMsP99,
    inferMsP50: median(inferMs),
    inferMsP99,
    overheadMsP99: latencyMsP99 - inferMsP99,
  };
}

/** Share of a run in which caches and heaps still fill. */
const WARM_UP = 0.25;

/**
 * Growth of memory, kB per 1,000 parts: slope of the least-squares line through the course after its first quarter.
 * @param course [parts judged, MB], in order; NaN with fewer than three points left
 */
export function slopeKbPer1000(course: readonly (readonly [number, number])[]): number {
  const parts = course.at(-1)?.[0] ?? 0;
  const points = course.filter(([part, mb]) => part >= WARM_UP * parts && Number.isFinite(mb));
  if (points.length < 3) return NaN;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const up = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const across = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return across === 0 ? NaN : (up / across) * 1024 * 1000;
}
