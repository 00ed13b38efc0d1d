import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import type { StatePaths } from "../config/paths.ts";
import type { RecipeSettings } from "../config/recipe-settings.ts";
import type { CameraConfig, Config } from "../config/schema.ts";
import type { Inspection } from "../domain/inspection.ts";
import { uuid7 } from "../domain/uuid7.ts";
import { Collector } from "../training/collect.ts";
import { CameraLine } from "../inspection/camera-line.ts";
import { Camera } from "../inspection/capture/camera.ts";
import { decide } from "../inspection/decide.ts";
import type { Inspector } from "../inspection/infer/inspector.ts";
import type { InferencePool } from "../inspection/infer/pool.ts";
import type { LineRecipe } from "../inspection/line-parts.ts";
import { LinePolicy } from "../inspection/policy/line-policy.ts";
import { SYSTEM_TIMERS } from "../inspection/triggers/filter.ts";
import { GpioEdge } from "../inspection/triggers/gpio-edge.ts";
import type { GpioInput } from "../inspection/triggers/gpiomon.ts";
import type { StationDesk } from "./desk.ts";
import type { StationGates } from "./gates.ts";
import type { StationLinks } from "./links.ts";
import type { StationModels } from "./models.ts";
import type { StationRecords } from "./records.ts";

export interface LinesParts {
  readonly config: Pick<Config, "images" | "evidence">;
  readonly paths: Pick<StatePaths, "datasets">;
  readonly logger: Logger;
  /** Other entry of the capture process, for tests. */
  readonly captureEntry?: URL | undefined;
  readonly inference: InferencePool;
  readonly session: string;
  readonly nextSeq: (camera: string) => number;
  /** What the camera begins with. */
  readonly firstRecipe: (camera: CameraConfig) => RecipeSettings;
  readonly links: StationLinks;
  readonly gates: Pick<StationGates, "of" | "loseTrack">;
  readonly records: Pick<StationRecords, "record" | "stats">;
  readonly desk: Pick<StationDesk, "labels">;
  readonly models: Pick<StationModels, "escapeCrashLoop">;
  /** For who runs the station: at once, in the order of verdicts. */
  readonly onInspection: ((inspection: Inspection) => void) | null;
  /** The line may look different now. */
  readonly onChange: (line: CameraLine) => void;
  readonly event: (kind: string, data: Readonly<Record<string, unknown>>, camera: string) => void;
}

/** One camera with all that its line needs. */
export function createLine(config: CameraConfig, parts: LinesParts): CameraLine {
  const recipe = parts.firstRecipe(config);
  const gate = parts.gates.of(config.name);
  const line: CameraLine = new CameraLine({
    config,
    session: parts.session,
    firstSeq: parts.nextSeq(config.name),
    camera: createCamera(config, recipe, parts, () => line),
    inspector: createInspector(config.name, parts, () => line),
    recipe: lineRecipe(config, recipe, parts.paths),
    ...(gate && { gate }),
    hasRoom: () => parts.records.stats.disk === "well",
    ...(config.trigger.kind === "gpio" && { triggerSource: gpioEdge(config.trigger, () => line, parts) }),
    clock: { wall: () => Date.now(), mono: () => performance.now() }, // as the capture process tells when its frames were taken
    newId: () => uuid7(Date.now(), randomBytes(10)),
    wantMap: () => wantMap(parts.config),
    onPicture: (triggerId) => {
      parts.links.acquired(config.name, triggerId);
    },
    onVerdict: (inspection) => {
      parts.links.inspected(inspection);
      parts.onInspection?.(inspection);
    },
    onStop: (reason) => {
      parts.event("line.stopped", { ...reason }, config.name);
      parts.onChange(line);
    },
    onRecord: (inspection, evidence) => {
      parts.records.record(inspection, evidence);
      if (evidence.frame) parts.desk.labels.remember(inspection, evidence.frame);
    },
  });
  return line;
}

/** Of which parts the anomaly map is drawn by somebody: on MQTT, or beside the evidence. */
function wantMap({ images, evidence }: LinesParts["config"]): "always" | "above" | "never" {
  const isShown = images.heatmap || images.overlay;
  if (isShown && images.when === "all") return "always";
  return isShown || images.lastNg || (evidence.enabled && evidence.heatmap) ? "above" : "never";
}

/** A recipe as a camera uses it. */
export function lineRecipe(
  camera: Pick<CameraConfig, "deadlineMs">,
  { identity, deadlineMs, policy: settings, quality, pictureSize }: RecipeSettings,
  paths: LinesParts["paths"],
): LineRecipe {
  const policy = new LinePolicy(settings, decide);
  return {
    identity,
    deadlineMs: deadlineMs ?? camera.deadlineMs,
    decide: policy.decide.bind(policy),
    policy,
    quality,
    pictureSize,
    collector: new Collector(join(paths.datasets, identity.id), () => undefined),
  };
}

function createCamera(
  config: CameraConfig,
  recipe: RecipeSettings,
  parts: LinesParts,
  line: () => CameraLine,
): Camera {
  return new Camera({
    config,
    size: recipe.pictureSize,
    ...(parts.captureEntry && { entry: parts.captureEntry }),
    logger: parts.logger,
    now: () => performance.now(),
    onFrame: (frame, missed) => {
      line().takeFrame(frame, missed);
    },
    onState: ({ state, code, message }) => {
      if (config.trigger.kind === "every-frame") parts.gates.loseTrack(config.name); // parts went by without a trigger
      parts.event("camera.state", { state, code, message }, config.name);
      parts.onChange(line());
    },
  });
}

function gpioEdge(input: GpioInput, line: () => CameraLine, { onChange }: LinesParts): GpioEdge {
  return new GpioEdge({
    input,
    timers: SYSTEM_TIMERS,
    onFault: () => {
      onChange(line());
    },
  });
}

function createInspector(camera: string, parts: LinesParts, line: () => CameraLine): Inspector {
  return parts.inference.client({
    camera,
    onState: ({ state, bundleId, detail }) => {
      if (state === "crash-loop") void parts.models.escapeCrashLoop(line(), bundleId, detail);
      else if (state !== "stopped") parts.onChange(line());
    },
  });
}
