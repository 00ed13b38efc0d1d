import type { Inspection } from "../domain/inspection.ts";
import type { Result } from "./schemas/camera.ts";
import { SCHEMA_VERSION } from "./schemas/words.ts";

const MAX_BYTES = 2048; // interfaces.md §3.1
const MAX_REGIONS = 16;

/** Which recipe or model; null where there is none. */
export interface Version {
  readonly id: string | null;
  /** What a PLC selects a recipe by. */
  readonly number?: number;
  readonly version: string | null;
  readonly hash: string | null;
}

/** What a result says beside the inspection. */
export interface ResultContext {
  readonly recipe: Version;
  readonly model: Version;
  /** (score − threshold) in standard deviations of repeatability, where that was studied. */
  readonly marginSigma?: number;
  /** Topics and hashes of pictures. */
  readonly images?: Result["images"];
  readonly jobId?: string | null;
  readonly measId?: string | null;
}

/** The message for `{camera}/result`: at most 2 kB as JSON; regions (lowest score first), then detail and images give way. */
export function resultPayload(inspection: Inspection, context: ResultContext): Result {
  const full = wholeResult(inspection, context);
  if (fits(full)) return full;
  const { regions = [], ...rest } = full;
  for (let kept = regions.length - 1; kept > 0; kept -= 1) {
    const shorter = { ...full, regions: regions.slice(0, kept) };
    if (fits(shorter)) return shorter;
  }
  if (fits(rest)) return rest;
  const { images, ...bare } = { ...rest, detail: full.detail?.slice(0, 200) ?? null };
  return fits({ ...bare, images }) ? { ...bare, images } : bare;
}

function wholeResult(inspection: Inspection, context: ResultContext): Result {
  const { times } = inspection;
  return {
    schema: SCHEMA_VERSION,
    session: inspection.session,
    seq: inspection.seq,
    inspection_id: inspection.inspectionId,
    camera: inspection.camera,
    trigger_id: inspection.triggerId,
    part_id: inspection.partId,
    job_id: context.jobId ?? null,
    meas_id: context.measId ?? null,
    ...(inspection.tag !== null && { tag: inspection.tag }),
    verdict: inspection.verdict,
    action: inspection.action,
    reason: inspection.reason,
    ...(inspection.detail !== null && { detail: inspection.detail }),
    score: finite(inspection.score),
    threshold: finite(inspection.threshold),
    warn_threshold: finite(inspection.warnThreshold),
    ...(context.marginSigma !== undefined && { margin_sigma: context.marginSigma }),
    ...(inspection.regions.length > 0 && { regions: topRegions(inspection) }),
    times: {
      trigger_ts: isoMicros(times.triggeredAt),
      capture_ts: times.capturedAt === null ? null : isoMicros(times.capturedAt),
      queue_ms: round(times.queueMs, 3),
      capture_ms: round(times.captureMs, 3),
      pre_ms: null, // inside infer_ms: the inspector is one graph (architecture.md §4)
      infer_ms: round(times.inferMs, 3),
      post_ms: null,
      total_ms: Math.max(0, Number(times.totalMs.toFixed(3))),
      deadline_ms: times.deadlineMs,
      late: inspection.reason === "late",
    },
    recipe: { ...context.recipe },
    model: { ...context.model },
    ...(context.images !== undefined && { images: context.images }),
    simulated: inspection.simulated,
    historical: false,
  };
}

/**
 * ISO-8601 UTC with microseconds, e.g. `2026-02-03T04:05:06.123456Z`.
 * @param epochMs may be fractional; below a microsecond it is cut
 */
export function isoMicros(epochMs: number): string {
  const micros = Math.floor((epochMs - Math.floor(epochMs)) * 1000);
  const millis = new Date(Math.floor(epochMs)).toISOString();
  return `${millis.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}

function topRegions({ regions }: Inspection): NonNullable<Result["regions"]> {
  const strongest = regions.toSorted((a, b) => b.score - a.score).slice(0, MAX_REGIONS);
  return strongest.map(({ x, y, w, h, score, area }) => ({
    x: shareOf(x),
    y: shareOf(y),
    w: shareOf(w),
    h: shareOf(h),
    score: Number((finite(score) ?? 0).toPrecision(6)),
    area: Math.min(1, Math.max(0, Number(area.toFixed(6)))),
  }));
}

function shareOf(value: number): number {
  return Math.min(1, Math.max(0, Number(value.toFixed(4))));
}

/** The raw value, so that whoever compares score and threshold gets our verdict; JSON knows no NaN or infinity. */
function finite(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : value;
}

function round(value: number | null, digits: number): number | null {
  return value === null ? null : Math.max(0, Number(value.toFixed(digits)));
}

function fits(result: Result): boolean {
  return Buffer.byteLength(JSON.stringify(result)) <= MAX_BYTES;
}
