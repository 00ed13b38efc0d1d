import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { plcSchema } from "../../../src/config/plc-schema.ts";
import { InputError } from "../../../src/domain/errors.ts";
import type { Inspection, Verdict } from "../../../src/domain/inspection.ts";
import type { LineView, StationActions, TriggerRequest } from "../../../src/domain/station-view.ts";
import { PlcService } from "../../../src/plc/handshake/plc-service.ts";
import { createRejectGate } from "../../../src/plc/reject/create-reject-gate.ts";
import type { RejectGate } from "../../../src/plc/reject/reject-gate.ts";
import type { ModbusReject } from "../../../src/plc/simulator/line-plan.ts";

/** What the judge does with a part. */
export interface Judged {
  readonly verdict: Verdict;
  readonly afterMs: number;
  /** What the output is told, if not what the verdict says: a station that lies. */
  readonly output?: "pass" | "reject";
}

export interface SmallStationOptions {
  readonly rejects: readonly ModbusReject[];
  /** null: never answered. */
  readonly judge: (tag: number, camera: number) => Judged | null;
}

const RECIPE = { id: "default", number: 1, version: null, hash: null };

/** A free port: found, let go, and likely still free a moment later. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A station without cameras and models: real Modbus server, real handshake, real gates and coils, and a judge that is told what to say. */
export async function startSmallStation(
  options: SmallStationOptions,
): Promise<{ readonly port: number; stop: () => Promise<void> }> {
  const logger = pino({ level: "silent" });
  const now = (): number => performance.now();
  const gates = options.rejects.map((reject) => openGate(reject));
  const cameras = options.rejects.map((_, index) => `cam${index + 1}`);
  const totals = cameras.map(() => ({ triggers: 0, missed: 0 }));
  let seq = 0;
  const refuse = (): Promise<never> =>
    Promise.reject(new InputError("no", "the small station cannot do this"));
  const trigger = async (camera: string, request: TriggerRequest): Promise<Inspection> => {
    const index = cameras.indexOf(camera);
    const at = now();
    const id = request.triggerId ?? "";
    totals[index]!.triggers += 1;
    if (request.missed) totals[index]!.missed += 1;
    gates[index]!.part({ id, at });
    const judged = options.judge(request.tag ?? 0, index);
    if (judged === null) return new Promise(() => undefined);
    await sleep(judged.afterMs);
    seq += 1;
    const verdict = request.missed ? "ERR" : judged.verdict;
    const action = verdict === "OK" ? "pass" : "reject";
    gates[index]!.verdict(id, judged.output ?? action);
    const inspection: Inspection = {
      inspectionId: `i${seq}`,
      session: "s",
      seq,
      camera,
      triggerId: id,
      partId: null,
      tag: request.tag ?? null,
      recipe: RECIPE,
      verdict,
      action,
      reason: verdict === "ERR" ? (request.missed ? "not_ready" : "late") : "score",
      detail: null,
      score: 1,
      threshold: 2,
      warnThreshold: null,
      regions: [],
      times: {
        triggeredAt: at,
        capturedAt: null,
        captureMs: null,
        queueMs: null,
        inferMs: null,
        totalMs: now() - at,
        deadlineMs: 300,
      },
      bundleId: null,
      frameId: null,
      simulated: true,
      truth: null,
    };
    plc.inspected(inspection);
    return inspection;
  };
  const actions: StationActions = {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    reset: (camera) => {
      gates[cameras.indexOf(camera)]!.reset();
      return Promise.resolve();
    },
    trigger,
    selectRecipe: refuse,
    prepareRecipe: refuse,
    setThreshold: refuse,
    resetCounters: () => Promise.resolve(),
    startTraining: refuse,
    setBypass: refuse,
  };
  const plc: PlcService = new PlcService({
    settings: plcSchema.parse({ modbus: { enabled: true, port: 0, bufferDepth: 20 } }).modbus,
    cameras,
    line: (camera) => viewOf(camera, totals[cameras.indexOf(camera)]!, gates[cameras.indexOf(camera)]!),
    recipes: () => [RECIPE],
    actions,
    onEncoder: (camera, counts) => {
      gates[cameras.indexOf(camera)]!.encoder(counts, now());
    },
    onFault: () => undefined,
    onTriggerLatency: () => undefined,
    newId: (() => {
      let ids = 0;
      return () => `t${(ids += 1)}`;
    })(),
    now,
    logger,
  });
  await plc.start();
  for (const gate of gates) gate.start();
  return {
    port: plc.port,
    stop: async () => {
      await plc.stop();
      await Promise.all(gates.map((gate) => gate.stop()));
    },
  };
}

function openGate(reject: ModbusReject): RejectGate {
  const gate = createRejectGate(reject, { onEjected: () => undefined, onFault: () => undefined });
  if (gate === null) throw new Error("a Modbus output has a gate");
  return gate;
}

function viewOf(
  name: string,
  { triggers, missed }: { readonly triggers: number; readonly missed: number },
  gate: RejectGate,
): LineView {
  const fault = gate.status.faults[0];
  const ready = fault === undefined;
  return {
    name,
    visionState: ready ? "Ready" : "Error",
    ready,
    busy: false,
    running: true,
    fault: fault ? { ...fault, since: "" } : null,
    warnings: [],
    awaitsReset: fault !== undefined,
    bypass: false,
    training: false,
    recipe: RECIPE,
    model: { id: null, hash: null },
    threshold: { reject: 2, warn: null },
    camera: { connected: true, frozen: false, frameAgeMs: 0, fps: 0, sharpness: null, brightness: null },
    totals: { triggers, ok: 0, ng: 0, warn: 0, err: missed, late: 0, missed, since: 0 },
    times: { minMs: null, meanMs: null, p95Ms: null, maxMs: null },
    configHash: "0",
  };
}
