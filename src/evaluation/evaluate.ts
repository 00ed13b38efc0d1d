import { imageAuroc } from "./auroc.ts";
import { judgeLine, type Judged, type JudgeOptions } from "./judge.ts";
import { imageMetrics, pixelMetrics } from "./metrics.ts";

/** What one kind of defect got. */
export interface DefectReport {
  readonly pictures: number;
  /** Against all good pictures; null without any. */
  readonly imageAuroc: number | null;
  /** Share above the threshold, 0..1. */
  readonly caughtShare: number;
}

/** Metrics 0..1, null where the pictures do not allow them. Definitions: metrics.ts. */
export interface EvaluationReport {
  readonly good: number;
  readonly bad: number;
  readonly imageAuroc: number | null;
  readonly imageAp: number | null;
  /** At the best threshold for these very pictures: a ranking number, never the one to deploy. */
  readonly imageF1Max: number | null;
  readonly pixelAuroc: number | null;
  /** Largest error of pixelAuroc by binning; 0 up to 2^26 pixels. */
  readonly pixelAurocError: number | null;
  readonly pixelAp: number | null;
  readonly pixelF1Max: number | null;
  readonly aupro: number | null;
  readonly aupro005: number | null;
  /** Bad pictures without a mask: in the image metrics only. */
  readonly withoutMask: number;
  /** Bad pictures whose mask marks nothing, or nothing that is left at the map's size: all their pixels count as sound. */
  readonly emptyMask: number;
  readonly perDefect: Readonly<Record<string, DefectReport>>;
  readonly threshold: number;
  /** Good pictures above the threshold. */
  readonly falseRejectRate: number | null;
  /** Bad pictures not above the threshold. */
  readonly escapeRate: number | null;
  /** As on the line: decoded picture in, score, map and regions out. */
  readonly latencyMsP50: number | null;
  readonly latencyMsP99: number | null;
  /** Reading, decoding and scaling the file. */
  readonly decodeMsP50: number | null;
  readonly evaluateSeconds: number;
}

/** Scores all pictures of a line and measures how well good and bad are told apart. @throws as `judgeLine` */
export async function evaluateBundle(
  options: JudgeOptions & {
    /** A score above it is rejected. */
    readonly threshold: number;
  },
): Promise<EvaluationReport> {
  const startedAt = options.now();
  const report = measure(await judgeLine(options), options.threshold);
  return { ...report, evaluateSeconds: (options.now() - startedAt) / 1000 };
}

/** All figures of judged pictures, at a threshold that was found without them. */
export function measure(
  judged: readonly Judged[],
  threshold: number,
): Omit<EvaluationReport, "evaluateSeconds"> {
  const good = judged.filter(isGood);
  const bad = judged.filter((one) => !isGood(one));
  const image = imageMetrics({
    scores: Float64Array.from(judged, ({ score }) => score),
    labels: Uint8Array.from(judged, (one) => (isGood(one) ? 0 : 1)),
  });
  const maps = judged.flatMap(({ map }) => map ?? []);
  const withoutMask = judged.length - maps.length;
  const pixel = bad.length > withoutMask ? pixelMetrics(maps) : null;
  const latencies = judged.map(({ inferMs }) => inferMs);
  return {
    good: good.length,
    bad: bad.length,
    imageAuroc: image.auroc,
    imageAp: image.averagePrecision,
    imageF1Max: image.f1Max,
    pixelAuroc: pixel?.auroc ?? null,
    pixelAurocError: pixel?.aurocError ?? null,
    pixelAp: pixel?.averagePrecision ?? null,
    pixelF1Max: pixel?.f1Max ?? null,
    aupro: pixel?.aupro ?? null,
    aupro005: pixel?.aupro005 ?? null,
    withoutMask,
    emptyMask: bad.filter(({ map }) => map?.labels.includes(1) === false).length,
    perDefect: perDefect(good, bad, threshold),
    threshold,
    falseRejectRate: good.length > 0 ? shareAbove(good, threshold) : null,
    escapeRate: bad.length > 0 ? 1 - shareAbove(bad, threshold) : null,
    latencyMsP50: quantile(latencies, 0.5),
    latencyMsP99: quantile(latencies, 0.99),
    decodeMsP50: quantile(
      judged.map(({ decodeMs }) => decodeMs),
      0.5,
    ),
  };
}

function isGood({ ref }: Judged): boolean {
  return ref.truth.label === "good";
}

function shareAbove(judged: readonly Judged[], threshold: number): number {
  return judged.filter(({ score }) => score > threshold).length / judged.length;
}

function perDefect(
  good: readonly Judged[],
  bad: readonly Judged[],
  threshold: number,
): Record<string, DefectReport> {
  const kinds = [...new Set(bad.map(({ ref }) => ref.truth.source))].sort();
  return Object.fromEntries(
    kinds.map((kind) => {
      const those = bad.filter(({ ref }) => ref.truth.source === kind);
      const compared = [...good, ...those];
      const auroc = imageAuroc(
        compared.map(({ score }) => score),
        compared.map((one) => !isGood(one)),
      );
      return [kind, { pictures: those.length, imageAuroc: auroc, caughtShare: shareAbove(those, threshold) }];
    }),
  );
}

/** The smallest value that at least `share` of the values do not exceed; null for none. */
function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
