import type { JobMessage } from "../messaging/schemas/station.ts";
import type { StudyStatus } from "./studies/studies.ts";

/** `{root}/job/{id}` of a gauge or challenge run, as it stands. */
export function studyMessage(status: StudyStatus): JobMessage {
  const { id, type, state, camera, progress, message, gauge, challenge, error, by } = status;
  const iso = (at: number): string => new Date(at).toISOString();
  return {
    id,
    type,
    state,
    camera,
    stage: null,
    progress: Math.round(1000 * progress) / 10,
    eta_s: null,
    message,
    metrics: gauge ? { ...gaugeMetrics(gauge) } : {},
    data_set: challenge ? { id: "challenge", hash: null, images: challenge.total } : null,
    result: resultOf(status),
    error,
    started: iso(status.startedAt),
    ended: status.endedAt === null ? null : iso(status.endedAt),
    by,
  };
}

function resultOf({ gauge, challenge }: StudyStatus): JobMessage["result"] {
  if (gauge) return { sigma: gauge.sigma, guard_band: gauge.guardBand };
  if (challenge) return { caught: challenge.caught, total: challenge.total, missed: challenge.missed };
  return null;
}

function gaugeMetrics(gauge: NonNullable<StudyStatus["gauge"]>): JobMessage["metrics"] {
  return {
    scores: gauge.scores,
    errors: gauge.errors,
    mean: gauge.mean,
    lowest: gauge.lowest,
    highest: gauge.highest,
    sigma_high: gauge.sigmaHigh,
    margin_sigma: gauge.marginSigma,
    agreement: gauge.agreement,
    threshold: gauge.threshold,
  };
}
