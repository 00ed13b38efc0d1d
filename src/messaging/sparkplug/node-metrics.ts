import type { Hardware } from "../../system/hardware.ts";
import type { StationView } from "../../domain/station-view.ts";
import { deadBands, metricsOf, type MetricDefinition } from "./metric-definition.ts";
import type { Metric } from "./metric.ts";

interface NodeSource {
  readonly view: StationView;
  readonly hardware: Hardware;
  readonly bdSeq: number;
}

export const REBIRTH = "Node Control/Rebirth";
export const REBOOT = "Node Control/Reboot";

// interfaces.md §3.6. No alias anywhere, so none for Rebirth (tck-id-operational-behavior-data-commands-rebirth-name-aliases)
const DEFINITIONS: readonly MetricDefinition<NodeSource>[] = [
  { name: "bdSeq", type: "Int64", value: ({ bdSeq }) => bdSeq },
  { name: REBIRTH, type: "Boolean", value: () => false },
  { name: REBOOT, type: "Boolean", value: () => false },
  { name: "Properties/Hardware Make", type: "String", value: ({ hardware }) => hardware.make },
  { name: "Properties/Hardware Model", type: "String", value: ({ hardware }) => hardware.model },
  { name: "Properties/SW Version", type: "String", value: ({ view }) => view.software },
  { name: "Properties/JetPack", type: "String", value: ({ hardware }) => hardware.jetpack },
  { name: "Properties/Serial", type: "String", value: ({ hardware }) => hardware.serial },
  {
    name: "Health/CPU Percent",
    type: "Float",
    deadBand: { unit: 2 },
    value: ({ view }) => percent(view.health.cpu),
  },
  {
    name: "Health/GPU Percent",
    type: "Float",
    deadBand: { unit: 2 },
    value: ({ view }) => percent(view.health.gpu),
  },
  {
    name: "Health/GPU Temp C",
    type: "Float",
    deadBand: { unit: 1 },
    value: ({ view }) => view.health.temperatureC,
  },
  {
    name: "Health/Disk Free Bytes",
    type: "UInt64",
    deadBand: { unit: 100_000_000 },
    value: ({ view }) => view.health.diskFreeBytes,
  },
  { name: "Health/Outbox Depth", type: "UInt64", value: ({ view }) => view.health.outboxDepth },
  {
    name: "Health/Uptime S",
    type: "UInt64",
    deadBand: { unit: 60 },
    value: ({ view }) => view.health.uptimeS,
  },
  { name: "Job/Id", type: "String", value: ({ view }) => view.job?.id ?? null },
  { name: "Job/Stage", type: "String", value: ({ view }) => view.job?.stage ?? null },
  {
    name: "Job/Progress",
    type: "Float",
    deadBand: { unit: 1 },
    value: ({ view }) => view.job?.progress ?? null,
  },
];

export const NODE_DEAD_BANDS = deadBands(DEFINITIONS);

/** Every metric of the edge node. @param timestamp epoch ms */
export function nodeMetrics(source: NodeSource, timestamp: number): readonly Metric[] {
  return metricsOf(DEFINITIONS, source, timestamp);
}

/** The only metric of a death certificate (tck-id-topics-ndeath-payload). */
export function bdSeqMetric(bdSeq: number, timestamp: number): Metric {
  return { name: "bdSeq", type: "Int64", value: BigInt(bdSeq), timestamp };
}

function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}
