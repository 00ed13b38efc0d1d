import type { DataType, Metric, MetricValue, Quality } from "./metric.ts";

/** How a metric is made from what it tells of. */
export interface MetricDefinition<Source> {
  readonly name: string;
  readonly type: DataType;
  readonly value: (source: Source) => MetricValue;
  /** Left out: always good. */
  readonly quality?: (source: Source) => Quality;
  /** Left out: every change is reported. */
  readonly deadBand?: DeadBand;
}

/** Changes up to this are not reported: in the metric's unit, or as a share of the value that was published last. */
export type DeadBand = { readonly unit: number } | { readonly share: number };

/** Every metric of the definitions, in their order. @param timestamp epoch ms */
export function metricsOf<Source>(
  definitions: readonly MetricDefinition<Source>[],
  source: Source,
  timestamp: number,
): readonly Metric[] {
  return definitions.map(({ name, type, value, quality }) => ({
    name,
    type,
    value: fitting(type, value(source)),
    timestamp,
    ...(quality !== undefined && { quality: quality(source) }),
  }));
}

/** Names of definitions with a dead band, and its width. */
export function deadBands(definitions: readonly MetricDefinition<never>[]): ReadonlyMap<string, DeadBand> {
  return new Map(
    definitions.flatMap(({ name, deadBand }) => (deadBand === undefined ? [] : [[name, deadBand] as const])),
  );
}

/** The value as it will arrive: floats in single precision, counts as bigint; what is no number is null. */
function fitting(type: DataType, value: MetricValue): MetricValue {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) return null;
  if (type === "Float") return Math.fround(value);
  return type === "UInt64" || type === "Int64" || type === "DateTime" ? BigInt(Math.round(value)) : value;
}
