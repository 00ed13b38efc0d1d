import type { DeadBand } from "./metric-definition.ts";
import type { Metric, MetricValue } from "./metric.ts";

/** A device's or node's metrics as they were last published. */
export type Published = ReadonlyMap<string, Metric>;

/**
 * The metrics that are to be published again (§2.2, tck-id-principles-rbe-recommended): value or quality changed, numbers by
 * more than their dead band since they were last published.
 */
export function changedMetrics(
  published: Published,
  metrics: readonly Metric[],
  bands: ReadonlyMap<string, DeadBand>,
): readonly Metric[] {
  return metrics.filter((metric) => {
    const last = published.get(metric.name);
    if (last === undefined || last.quality !== metric.quality) return true;
    return differs(last.value, metric.value, bands.get(metric.name) ?? null);
  });
}

/** What has been published when `metrics` are sent too. */
export function withPublished(published: Published, metrics: readonly Metric[]): Published {
  return new Map([...published, ...metrics.map((metric) => [metric.name, metric] as const)]);
}

function differs(last: MetricValue, next: MetricValue, band: DeadBand | null): boolean {
  if (last === next) return false;
  if (band === null || !isNumber(last) || !isNumber(next)) return true;
  const width = "unit" in band ? band.unit : Math.abs(Number(last)) * band.share;
  return Math.abs(Number(next) - Number(last)) > width;
}

function isNumber(value: MetricValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
