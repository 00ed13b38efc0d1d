import type { BundleManifest } from "../bundles/manifest.ts";
import type { Fault, LineTotals, LineView } from "../domain/station-view.ts";
import { visionState } from "../domain/vision-state.ts";
import type { Counters } from "../store/protocol.ts";
import type { CameraLine } from "../inspection/camera-line.ts";

/** What a line does not know of itself. */
export interface LineFacts {
  /** Of the bundle that judges. */
  readonly manifest: BundleManifest | null;
  readonly fault: Fault | null;
  readonly warnings: readonly Fault[];
  readonly totals: LineTotals;
  readonly training: boolean;
  readonly configHash: string;
}

const HASH_LENGTH = 16;

/** A line as the outside sees it, whoever asks: MQTT, Sparkplug B, OPC UA, the PLC. */
export function lineView(line: CameraLine, facts: LineFacts): LineView {
  const { manifest, fault } = facts;
  const { status } = line.camera;
  const thresholds = manifest ? line.thresholdsOf(manifest.id) : null;
  return {
    name: line.name,
    visionState: visionState({
      starting: status.state === "opening" && manifest === null,
      fault: fault !== null && fault.code !== "no-model",
      hasModel: typeof line.model !== "string",
      running: line.lane.running,
      freeRunning: line.freeRunning,
      busy: line.lane.inFlight > 0,
    }),
    ready: fault === null && line.lane.running,
    busy: line.lane.inFlight > 0,
    running: line.lane.running,
    freeRunning: line.freeRunning,
    fault,
    warnings: facts.warnings,
    awaitsReset: line.stops.stopped !== null,
    bypass: line.bypass,
    training: facts.training,
    recipe: line.recipeIdentity,
    model: { id: manifest?.id ?? null, hash: modelHash(manifest) },
    threshold: { reject: thresholds?.reject ?? null, warn: thresholds?.warn ?? null },
    camera: {
      connected: status.connected,
      frozen: status.frozen,
      frameAgeMs: status.frameAgeMs,
      fps: status.fps,
      sharpness: status.sharpness,
      brightness: status.brightness,
    },
    totals: facts.totals,
    times: line.times.summary,
    configHash: facts.configHash,
  };
}

/** Names the model's file as results, state and Sparkplug do. */
export function modelHash(manifest: BundleManifest | null): string | null {
  return manifest?.sha256["inspector.onnx"]?.slice(0, HASH_LENGTH) ?? null;
}

/** One camera's totals, all recipes together. */
export function lineTotals(counters: readonly Counters[]): LineTotals {
  const sum = (key: "triggers" | "ok" | "ng" | "warn" | "err" | "late" | "missed"): number =>
    counters.reduce((total, entry) => total + entry[key], 0);
  return {
    triggers: sum("triggers"),
    ok: sum("ok"),
    ng: sum("ng"),
    warn: sum("warn"),
    err: sum("err"),
    late: sum("late"),
    missed: sum("missed"),
    since: counters.length === 0 ? null : Math.min(...counters.map(({ since }) => since)),
  };
}

/** What keeps this line from judging parts, or null. */
export function faultOf(line: CameraLine): { code: string; text: string } | null {
  const { connected, state, message, frozen } = line.camera.status;
  if (line.stops.held !== null) return { code: "change-over", text: line.stops.held }; // may open the camera anew
  if (!connected) return { code: `camera-${state}`, text: message || `the camera is ${state}` };
  if (frozen)
    return { code: "camera-frozen", text: message || "the camera sends the same picture again and again" };
  if (line.fault) return line.fault;
  const { model } = line;
  return typeof model === "string" ? { code: "no-model", text: model } : null;
}
