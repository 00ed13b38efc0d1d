import type { Inspection, Verdict } from "../../domain/inspection.ts";
import { VISION_STATES, type LineView } from "../../domain/station-view.ts";
import { deadBands, metricsOf, type MetricDefinition } from "./metric-definition.ts";
import type { Metric, Quality } from "./metric.ts";

const VERDICTS: Readonly<Record<Verdict, number>> = { OK: 0, NG: 1, WARN: 2, ERR: 3 }; // interfaces.md §3.6

/** A picture that does not move any more says nothing of the parts that pass. */
const cameraQuality = ({ camera }: LineView): Quality => (camera.frozen ? "stale" : "good");

const LINE: readonly MetricDefinition<LineView>[] = [
  { name: "State/Vision State", type: "Int32", value: ({ visionState }) => VISION_STATES[visionState] },
  { name: "State/Ready", type: "Boolean", value: ({ ready }) => ready },
  { name: "State/Busy", type: "Boolean", value: ({ busy }) => busy },
  { name: "State/Fault", type: "Boolean", value: ({ fault }) => fault !== null },
  { name: "State/Fault Code", type: "String", value: ({ fault }) => fault?.code ?? null },
  { name: "Timing/P95 Ms", type: "Float", deadBand: { unit: 1 }, value: ({ times }) => times.p95Ms },
  { name: "Timing/Late Count", type: "UInt64", value: ({ totals }) => totals.late },
  { name: "Counters/Triggers", type: "UInt64", value: ({ totals }) => totals.triggers },
  { name: "Counters/OK", type: "UInt64", value: ({ totals }) => totals.ok },
  { name: "Counters/NG", type: "UInt64", value: ({ totals }) => totals.ng },
  { name: "Counters/WARN", type: "UInt64", value: ({ totals }) => totals.warn },
  { name: "Counters/ERR", type: "UInt64", value: ({ totals }) => totals.err },
  { name: "Counters/Missed", type: "UInt64", value: ({ totals }) => totals.missed },
  { name: "Recipe/Id", type: "String", value: ({ recipe }) => recipe.id },
  { name: "Recipe/Version", type: "String", value: ({ recipe }) => recipe.version },
  { name: "Recipe/Hash", type: "String", value: ({ recipe }) => recipe.hash },
  { name: "Model/Id", type: "String", value: ({ model }) => model.id },
  { name: "Model/Hash", type: "String", value: ({ model }) => model.hash },
  { name: "Camera/Connected", type: "Boolean", value: ({ camera }) => camera.connected },
  {
    name: "Camera/Frame Age Ms",
    type: "Float",
    deadBand: { unit: 500 },
    quality: cameraQuality,
    value: ({ camera }) => camera.frameAgeMs,
  },
  {
    name: "Camera/Sharpness",
    type: "Float",
    deadBand: { share: 0.2 },
    quality: cameraQuality,
    value: ({ camera }) => camera.sharpness,
  },
  {
    name: "Camera/Brightness",
    type: "Float",
    deadBand: { unit: 2 }, // of 255
    quality: cameraQuality,
    value: ({ camera }) => camera.brightness,
  },
  { name: "Device Control/Start", type: "Boolean", value: () => false },
  { name: "Device Control/Stop", type: "Boolean", value: () => false },
  { name: "Device Control/Reset", type: "Boolean", value: () => false },
  { name: "Device Control/Recipe Select", type: "String", value: ({ recipe }) => recipe.id },
  { name: "Device Control/Threshold", type: "Float", value: ({ threshold }) => threshold.reject },
  { name: "Device Control/Counters Reset", type: "Boolean", value: () => false },
  { name: "Device Control/Train Start", type: "Boolean", value: () => false },
];

type Part = Inspection | null;

const PART: readonly MetricDefinition<Part>[] = [
  { name: "Inspection/Result Id", type: "String", value: (part) => part?.inspectionId ?? null },
  { name: "Inspection/Part Id", type: "String", value: (part) => part?.partId ?? null },
  { name: "Inspection/Seq", type: "UInt64", value: (part) => part?.seq ?? null },
  {
    name: "Inspection/Verdict",
    type: "Int32",
    value: (part) => (part === null ? null : VERDICTS[part.verdict]),
  },
  { name: "Inspection/Action", type: "String", value: (part) => part?.action ?? null },
  { name: "Inspection/Reason", type: "String", value: (part) => part?.reason ?? null },
  {
    name: "Inspection/Score",
    type: "Float",
    quality: (part) => (part?.score == null ? "bad" : "good"), // a part without a judgement has no score
    value: (part) => part?.score ?? null,
  },
  { name: "Inspection/Threshold", type: "Float", value: (part) => part?.threshold ?? null },
  { name: "Timing/Infer Ms", type: "Float", value: (part) => part?.times.inferMs ?? null },
  { name: "Timing/Total Ms", type: "Float", value: (part) => part?.times.totalMs ?? null },
];

export const LINE_DEAD_BANDS = deadBands(LINE);

/** The metrics of a device that tell of its line. @param timestamp epoch ms */
export function lineMetrics(line: LineView, timestamp: number): readonly Metric[] {
  return metricsOf(LINE, line, timestamp);
}

/** The metrics of a device that tell of one part: they stay together in one message. Null: no part yet. */
export function partMetrics(part: Part, timestamp: number): readonly Metric[] {
  return metricsOf(PART, part, timestamp);
}

/** When the part had its verdict, epoch ms, an integer. */
export function verdictAt({ times }: Inspection): number {
  return Math.round(times.triggeredAt + times.totalMs);
}
