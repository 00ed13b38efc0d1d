import { InputError } from "../domain/errors.ts";
import type { CommandHandlers } from "../messaging/commands.ts";
import type { CameraLine } from "./camera-line.ts";
import type { StationModels } from "./station-models.ts";
import type { StationTraining } from "./station-training.ts";

/** What people may ask of a station, whoever carries the wish (MQTT now; the console and the PLC later). */
export interface StationControl {
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

/** The MQTT commands of interfaces.md §3.4 that exist so far, as calls on the station. */
export function stationCommands(station: () => StationControl): CommandHandlers {
  return {
    start: async (_params, { camera }) => setRunning(station(), camera, true),
    stop: async (_params, { camera }) => setRunning(station(), camera, false),
    trigger: async (params, { camera }) => {
      const line = station().line(camera);
      const inspection = await line.trigger({
        partId: params.part_id ?? null,
        ...(params.trigger_id !== undefined && { triggerId: params.trigger_id }),
      });
      const { seq, verdict, action, reason, score, inspectionId } = inspection;
      return { status: "ok", data: { inspection_id: inspectionId, seq, verdict, action, reason, score } };
    },
    "collect.start": async (params, { camera }) => {
      const line = station().line(camera);
      if (station().line(camera).collector.status.active) {
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
    "train.cancel": (params) =>
      Promise.resolve({ status: "ok", data: { job_id: station().training.cancel(params.job_id) } }),
    "model.promote": async (params, { camera, by }) => {
      await station().models.promote(station().line(camera), params.id, by);
      return { status: "ok", data: { model_id: params.id } };
    },
    "model.rollback": async (_params, { camera, by }) => ({
      status: "ok",
      data: { model_id: await station().models.rollback(station().line(camera), by) },
    }),
    "threshold.set": async (params, { camera, by }) => {
      const limits = { reject: params.reject, warn: params.warn ?? null };
      const old = await station().models.setThreshold(station().line(camera), limits, by);
      return { status: "ok", data: { ...limits, old } };
    },
    snapshot: async (_params, { camera }) => ({
      status: "ok",
      data: await station().snapshot(station().line(camera)),
    }),
    republish: () => {
      station().republish();
      return Promise.resolve({ status: "ok" });
    },
  };
}

function setRunning(station: StationControl, camera: string | null, running: boolean) {
  const lines = station.linesFor(camera);
  for (const line of lines) {
    if (running) line.beginTriggering();
    else line.endTriggering();
    station.publishCameraState(line);
  }
  return Promise.resolve({ status: "ok", data: { cameras: lines.map(({ name }) => name) } } as const);
}
