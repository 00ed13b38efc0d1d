import { servedRecipe, type BundleManifest } from "../bundles/manifest.ts";
import type { CameraStateMessage } from "../messaging/schemas/camera.ts";
import type { JobMessage, StationHealth, StationInfo } from "../messaging/schemas/station.ts";
import type { Config } from "../config/schema.ts";
import { availableParallelism } from "node:os";
import type { JobStatus } from "../training/supervisor.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { RecipeIdentity } from "../domain/inspection.ts";
import type { MachineHealth } from "../system/health.ts";
import type { LineView } from "../domain/station-view.ts";
import type { ProviderReport } from "../inspection/infer/protocol.ts";
import type { StationFault } from "./faults.ts";

/** interfaces.md §3.5 names fewer stages than the retraining path has. */
const PUBLISHED_STAGE = {
  clean: "teacher",
  features: "teacher",
  instant: "teacher",
  synthesize: "teacher",
  amplify: "teacher",
  distill: "student",
  settle: "calibrate",
  calibrate: "calibrate",
  export: "export",
  validate: "parity",
  choose: "validate",
  promote: "validate",
} as const;

/** `{root}/job/{id}` of a training job, as it stands. */
export function jobMessage(status: JobStatus, camera: string, by: string | null): JobMessage {
  const { job, state, progress, result, error } = status;
  const iso = (at: number): string => new Date(at).toISOString();
  return {
    id: job.id,
    type: "train",
    state,
    camera,
    stage: progress ? PUBLISHED_STAGE[progress.stage] : null,
    progress: state === "completed" ? 100 : Math.round(1000 * (progress?.progress ?? 0)) / 10,
    eta_s: state === "running" ? (progress?.etaS ?? null) : null,
    message: messageOf(status),
    metrics: {
      loss: progress?.loss ?? null,
      epoch: progress?.epoch ?? null,
      epochs: progress?.epochs ?? null,
    },
    data_set: result ? { id: job.recipe, hash: result.dataSetHash, images: result.images } : null,
    result: result && {
      model_id: result.bundleId,
      parity_max_abs: result.parityMaxAbs,
      frr: result.falseRejectRate.high,
    },
    error: error && { code: error.code, message: error.message },
    started: iso(status.startedAt),
    ended: status.endedAt === null ? null : iso(status.endedAt),
    by,
  };
}

function messageOf({ state, progress, result, error }: JobStatus): string {
  if (error) return error.message;
  if (state === "running") return progress?.message ?? "starting";
  return result?.choice ? `${state}: ${result.choice}` : state;
}

/** `{root}/cam/{camera}/state`, OPC 40100 words for `vision_state`. @param seq of the newest part */
export function cameraStateMessage(
  view: LineView,
  facts: {
    readonly seq: number;
    readonly manifest: BundleManifest | null;
    readonly provider: ProviderReport | null;
  },
): Omit<CameraStateMessage, "schema" | "ts"> {
  const { fault, camera, recipe } = view;
  const { manifest, provider } = facts;
  return {
    seq: facts.seq,
    vision_state: view.visionState,
    ready: view.ready,
    busy: view.busy,
    running: view.running,
    fault: fault && { code: fault.code, text: fault.text, since: fault.since },
    warnings: view.warnings.map(({ code, text, since }) => ({ code, text, since })),
    awaits_reset: view.awaitsReset,
    bypass: view.bypass,
    training: view.training,
    recipe,
    model: {
      ...view.model,
      engine: provider?.provider ?? null,
      precision: provider?.precision ?? null,
    },
    threshold: {
      ...view.threshold,
      calibrated_at: manifest?.createdAt ?? null,
      target_frr: manifest && servedRecipe(manifest, recipe.id).threshold.falseRejectRate.high,
    },
    camera: {
      connected: camera.connected,
      fps: Math.round(camera.fps * 10) / 10,
      frame_age_ms: camera.frameAgeMs === null ? null : Math.round(camera.frameAgeMs),
      frozen: camera.frozen,
      sharpness: camera.sharpness,
      brightness: camera.brightness,
    },
    config_hash: view.configHash,
  };
}

/** `{root}/info` without what the messenger adds. */
export function infoMessage(
  { cameras }: Config,
  recipes: readonly RecipeIdentity[],
  commands: readonly string[],
): Omit<StationInfo, "schema" | "ts" | "station" | "sw"> {
  return {
    node: process.version,
    hardware: `${process.arch}, ${availableParallelism()} cores`,
    cameras: cameras.map(({ name, source, recipe }) => ({ name, source: source.kind, recipe })),
    recipes: recipes.map((recipe) => ({ ...recipe })),
    commands: [...commands],
    capabilities: ["train", "heatmap", "overlay"],
  };
}

/** `{root}/health` without what the messenger adds. */
export function healthMessage(
  lines: readonly CameraLine[],
  faults: readonly StationFault[],
  machine: MachineHealth,
): Omit<StationHealth, "ts" | "mqtt_queued"> {
  const [fault] = faults;
  return {
    uptime_s: process.uptime(),
    fault: fault ? { code: fault.code, text: fault.text, since: fault.since } : null,
    cpu: machine.cpu,
    gpu: machine.gpu,
    temp_c: machine.temperatureC,
    throttled: machine.throttled,
    disk_free_bytes: machine.diskFreeBytes,
    memory_bytes: process.memoryUsage.rss(),
    queue_depth: lines.reduce((sum, { lane }) => sum + lane.inFlight, 0),
    restarts: Object.fromEntries(
      lines.flatMap(({ name, camera, inspector }) => [
        [`capture:${name}`, camera.status.restarts],
        [`inference:${name}`, inspector.status.restarts],
      ]),
    ),
  };
}
