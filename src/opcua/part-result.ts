import type { Inspection } from "../domain/inspection.ts";
import type { LineView } from "../domain/station-view.ts";
import { resultPayload } from "../messaging/result-payload.ts";
import type { Job } from "./line-mode.ts";
import type { PartResult } from "./protocol.ts";

/** What OPC UA clients get to know of a part. A part that no client started is a job of its own, by its trigger. */
export function partResult(inspection: Inspection, line: LineView, job: Job | null): PartResult {
  const own = job?.kind === "continuous" || job?.id === inspection.triggerId ? job : null;
  const jobId = own?.id ?? inspection.triggerId;
  const measId = own?.measId ?? null;
  const { times } = inspection;
  const { id, version, hash } = inspection.recipe;
  const model = { id: inspection.bundleId, version: null, hash: line.model.hash };
  return {
    camera: inspection.camera,
    resultId: inspection.inspectionId,
    triggerId: inspection.triggerId,
    jobId,
    measId,
    partId: inspection.partId,
    recipe: inspection.recipe,
    configHash: line.configHash,
    simulated: inspection.simulated,
    verdict: inspection.verdict,
    action: inspection.action,
    reason: inspection.reason,
    score: inspection.score,
    threshold: inspection.threshold,
    triggeredAt: times.triggeredAt,
    totalMs: times.totalMs,
    captureMs: times.captureMs,
    inferMs: times.inferMs,
    json: JSON.stringify(resultPayload(inspection, { recipe: { id, version, hash }, model, jobId, measId })),
  };
}
