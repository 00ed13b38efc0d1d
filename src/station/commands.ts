import { timingSafeEqual } from "node:crypto";
import { InputError } from "../domain/errors.ts";
import type { CommandContext, CommandHandlers, CommandOutcome } from "../messaging/commands.ts";
import type { CommandParams } from "../messaging/schemas/command.ts";
import type { CameraLine } from "../inspection/camera-line.ts";
import type { StationModels } from "./models.ts";
import { service, type StationServices } from "./services.ts";
import type { StationTraining } from "./training.ts";

/** What people may ask of a station, whoever carries the wish. */
export interface StationControl extends Partial<StationServices> {
  readonly models: Pick<StationModels, "promote" | "rollback" | "setThreshold">;
  readonly training: Pick<StationTraining, "start" | "cancel">;
  /** The line named, or the only one. */
  line(camera: string | null | undefined): CameraLine;
  /** The line named, or all of them. */
  linesFor(camera: string | null): readonly CameraLine[];
  snapshot(line: CameraLine): Promise<{ topic: string; bytes: number }>;
  republish(): void;
  /** Says how things are after a change. */
  publishCameraState(line: CameraLine): void;
  /** Epoch ms. */
  readonly now: () => number;
}

const DEFAULT_REPEATS = 30;

/** The MQTT commands of interfaces.md §3.4, as calls on the station. */
export function stationCommands(station: () => StationControl): CommandHandlers {
  return {
    ...lineCommands(station),
    ...learningCommands(station),
    ...modelCommands(station),
    ...recordCommands(station),
    ...machineCommands(station),
  };
}

type Handlers<N extends keyof CommandHandlers> = Pick<CommandHandlers, N>;

function lineCommands(
  station: () => StationControl,
): Handlers<
  | "start"
  | "stop"
  | "reset"
  | "trigger"
  | "snapshot"
  | "counters.reset"
  | "alarm.ack"
  | "recipe.prepare"
  | "recipe.select"
  | "bypass"
> {
  return {
    start: (_params, context) => forEach(station(), context, "start"),
    stop: (_params, context) => forEach(station(), context, "stop"),
    reset: (_params, context) => forEach(station(), context, "reset"),
    trigger: (params, { camera }) => trigger(station().line(camera), params),
    snapshot: async (_params, { camera }) => ({
      status: "ok",
      data: await station().snapshot(station().line(camera)),
    }),
    "counters.reset": (_params, context) => forEach(station(), context, "resetCounters"),
    "alarm.ack": (params, { camera, by }) => {
      const acknowledged = service(station(), "alarms").acknowledge(camera, params.code ?? null, whoOf(by));
      return Promise.resolve({ status: "ok", data: { acknowledged } });
    },
    "recipe.prepare": async ({ recipe }, { camera, by }) => {
      const actions = service(station(), "actions");
      return {
        status: "ok",
        data: { recipe: await actions.prepareRecipe(nameOf(camera), recipe, whoOf(by)) },
      };
    },
    "recipe.select": async ({ recipe }, { camera, by }) => {
      const actions = service(station(), "actions");
      const old = station().line(camera).recipe;
      const selected = await actions.selectRecipe(nameOf(camera), recipe, whoOf(by));
      return { status: "ok", data: { recipe: selected, old }, change: { old, new: selected.id } };
    },
    bypass: async ({ on, key }, { camera, by }) => {
      const actions = service(station(), "actions");
      if (on) checkKey(service(station(), "bypassKey"), key);
      const old = station().line(camera).bypass;
      await actions.setBypass(nameOf(camera), on, whoOf(by));
      return { status: "ok", data: { on }, change: { old, new: on } };
    },
  };
}

function learningCommands(
  station: () => StationControl,
): Handlers<"collect.start" | "collect.stop" | "train.start" | "train.cancel"> {
  return {
    "collect.start": async (params, { camera }) => {
      const line = station().line(camera);
      if (line.collector.status.active) {
        throw new InputError(
          "collecting",
          `camera ${line.name} is collecting already; send cmd/collect.stop first`,
        );
      }
      const status = await line.collector.start({
        wanted: params.count ?? null,
        reset: params.reset ?? false,
        now: station().now(),
      });
      return { status: "ok", data: { collected: status.collected, wanted: status.wanted } };
    },
    "collect.stop": async (_params, { camera }) => {
      const { collected, dropped, error } = await station().line(camera).collector.stop();
      return { status: "ok", data: { collected, dropped, error } };
    },
    "train.start": (params, { camera, by }) => {
      const others = (params.with ?? []).map((other) => station().line(other));
      const jobId = station().training.start([station().line(camera), ...others], by);
      return Promise.resolve({ status: "accepted", jobId });
    },
    "train.cancel": ({ job_id: id }) => {
      const { studies, replays, training } = station();
      const isOther = id !== undefined && (studies?.cancel(id) === true || replays?.cancel(id) === true);
      return Promise.resolve({ status: "ok", data: { job_id: isOther ? id : training.cancel(id) } });
    },
  };
}

function modelCommands(
  station: () => StationControl,
): Handlers<"model.promote" | "model.rollback" | "threshold.set" | "challenge.run" | "gauge.run"> {
  return {
    "model.promote": async (params, { camera, by }) => {
      const line = station().line(camera);
      const old = line.inspector.status.bundleId;
      await station().models.promote(line, params.id, by);
      return { status: "ok", data: { model_id: params.id }, change: { old, new: params.id } };
    },
    "model.rollback": async (_params, { camera, by }) => {
      const line = station().line(camera);
      const old = line.inspector.status.bundleId;
      const id = await station().models.rollback(line, by);
      return { status: "ok", data: { model_id: id }, change: { old, new: id } };
    },
    "threshold.set": async (params, { camera, by }) => {
      const limits = { reject: params.reject, warn: params.warn ?? null };
      const old = await station().models.setThreshold(station().line(camera), limits, by);
      return { status: "ok", data: { ...limits, old }, change: { old, new: limits } };
    },
    "challenge.run": async (_params, { camera, by }) => {
      const jobId = await service(station(), "studies").startChallenge(nameOf(camera), whoOf(by));
      return { status: "accepted", jobId };
    },
    "gauge.run": ({ repeats }, { camera, by }) => {
      const studies = service(station(), "studies");
      const jobId = studies.startGauge(nameOf(camera), repeats ?? DEFAULT_REPEATS, whoOf(by));
      return Promise.resolve({ status: "accepted", jobId });
    },
  };
}

function recordCommands(station: () => StationControl): Handlers<"label.set" | "replay" | "republish"> {
  return {
    "label.set": async (params, { by }) => {
      const labels = service(station(), "labels");
      const old = await labels.label(params.inspection_id, params.label, whoOf(by));
      return { status: "ok", data: { label: params.label, old }, change: { old, new: params.label } };
    },
    replay: async ({ from, to }, { camera, by }) => {
      const replays = service(station(), "replays");
      const wish = { camera: nameOf(camera), from, ...(to !== undefined && { to }) };
      const { id, range } = await replays.request(wish, whoOf(by));
      return { status: "accepted", jobId: id, data: { ...range } };
    },
    republish: () => {
      station().republish();
      return Promise.resolve({ status: "ok" });
    },
  };
}

function machineCommands(station: () => StationControl): Handlers<"config.get" | "config.set" | "backup"> {
  return {
    "config.get": async ({ key }) => ({
      status: "ok",
      data: { ...(await service(station(), "settings").get(key ?? null)) },
    }),
    "config.set": async ({ changes, undo, expect_hash: expectHash }) => {
      const settings = service(station(), "settings");
      const made = await (undo === true
        ? settings.undo(expectHash ?? null)
        : settings.change(changes ?? [], expectHash ?? null));
      return {
        status: "ok",
        data: { hash: made.hash, restart: made.restart },
        change: { old: made.old, new: made.new },
      };
    },
    backup: async ({ models }) => ({
      status: "ok",
      data: { ...(await service(station(), "backups").write(models === true ? "with-models" : "settings")) },
    }),
  };
}

async function trigger(line: CameraLine, params: CommandParams<"trigger">): Promise<CommandOutcome> {
  const inspection = await line.trigger({
    partId: params.part_id ?? null,
    ...(params.trigger_id !== undefined && { triggerId: params.trigger_id }),
    ...(params.tag !== undefined && { tag: params.tag }),
  });
  const { seq, verdict, action, reason, score, inspectionId } = inspection;
  return { status: "ok", data: { inspection_id: inspectionId, seq, verdict, action, reason, score } };
}

async function forEach(
  station: StationControl,
  { camera, by }: CommandContext,
  wish: "start" | "stop" | "reset" | "resetCounters",
): Promise<CommandOutcome> {
  const actions = service(station, "actions");
  const lines = station.linesFor(camera);
  for (const { name } of lines) await actions[wish](name, whoOf(by));
  return { status: "ok", data: { cameras: lines.map(({ name }) => name) } };
}

function checkKey(wanted: string, given: string | undefined): void {
  const [key, own] = [Buffer.from(given ?? ""), Buffer.from(wanted)];
  if (key.length === own.length && timingSafeEqual(key, own)) return;
  throw new InputError("wrong-key", "The bypass key is missing or wrong; nothing was switched.");
}

/** The camera of a command that is for one (the messenger has filled in the only one). */
function nameOf(camera: string | null): string {
  if (camera === null) throw new InputError("camera-needed", 'Say which camera in "camera".');
  return camera;
}

function whoOf(by: string | null): string {
  return by ?? "mqtt";
}
