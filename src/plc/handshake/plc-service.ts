import type { Logger } from "pino";
import type { PlcSettings } from "../../config/plc-schema.ts";
import { messageOf } from "../../domain/errors.ts";
import type { Inspection, RecipeIdentity } from "../../domain/inspection.ts";
import type { LineView, StationActions, StationListener } from "../../domain/station-view.ts";
import { ModbusServer, type ModbusServerEvent } from "../modbus/server.ts";
import type { ModbusUnit } from "../modbus/unit.ts";
import { CameraHandshake } from "./camera-handshake.ts";
import type { HandshakeAction, Outcome } from "./handshake.ts";
import { partResult, unjudged } from "./part-result.ts";

export interface PlcServiceOptions {
  readonly settings: PlcSettings["modbus"];
  /** In the order of the configuration: unit n is the n-th. */
  readonly cameras: readonly string[];
  readonly line: (camera: string) => LineView;
  readonly recipes: () => readonly RecipeIdentity[];
  readonly actions: StationActions;
  /** The PLC has written the counts of the conveyor's encoder. */
  readonly onEncoder: (camera: string, counts: number) => void;
  /** What is wrong with a source (`plc`, or `plc/<camera>`); null: nothing any more. */
  readonly onFault: (source: string, fault: { readonly code: string; readonly text: string } | null) => void;
  /** From the arrival of the request to the lane, ms. */
  readonly onTriggerLatency: (camera: string, ms: number) => void;
  /** A new trigger id. */
  readonly newId: () => string;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** How often time is noticed where nothing else happens, ms. */
const TICK_MS = 100;
const RETRY_MS = 2000;
const BY = "plc";

interface PlcLine {
  readonly handshake: CameraHandshake;
  /** Ids of triggers without a result. */
  readonly unanswered: Set<string>;
}

/** The PLC's side of a station: a Modbus TCP server with one handshake for each camera. */
export class PlcService implements StationListener {
  readonly #options: PlcServiceOptions;
  readonly #lines: ReadonlyMap<string, PlcLine>;
  readonly #server: ModbusServer;
  readonly #refused = new Set<string>();
  #tick: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: PlcServiceOptions) {
    this.#options = options;
    this.#lines = new Map(options.cameras.map((camera) => [camera, this.#newLine(camera)]));
    this.#server = new ModbusServer({
      ...options.settings,
      unit: (id) => this.#unit(id),
      now: options.now,
      log: (event) => {
        this.#log(event);
      },
    });
  }

  /** 0: it does not listen. */
  get port(): number {
    return this.#server.port;
  }

  /** A port that cannot be had is a fault and tried again; the station runs without its PLC meanwhile. */
  async start(): Promise<void> {
    this.#tick ??= setInterval(() => {
      for (const { handshake } of this.#lines.values()) handshake.refresh();
    }, TICK_MS).unref();
    const { onFault, settings } = this.#options;
    try {
      await this.#server.start();
      onFault("plc", null);
    } catch (error) {
      onFault("plc", { code: "plc-port", text: portText(settings, error) });
      this.#retry = setTimeout(() => void this.start(), RETRY_MS).unref();
    }
  }

  async stop(): Promise<void> {
    if (this.#tick) clearInterval(this.#tick);
    if (this.#retry) clearTimeout(this.#retry);
    this.#tick = null;
    this.#retry = null;
    await this.#server.stop();
  }

  inspected(inspection: Inspection): void {
    const line = this.#lines.get(inspection.camera);
    line?.handshake.judged(partResult(inspection), line.unanswered.delete(inspection.triggerId));
  }

  lineChanged(camera: string): void {
    this.#lines.get(camera)?.handshake.refresh();
  }

  #newLine(camera: string): PlcLine {
    const { settings, now, line, onEncoder } = this.#options;
    const handshake: CameraHandshake = new CameraHandshake({
      settings,
      now,
      line: () => line(camera),
      perform: (action, receivedAt) => {
        this.#perform(camera, action, receivedAt);
      },
      onEncoder: (counts) => {
        onEncoder(camera, counts);
      },
      onSilence: (isSilent) => {
        this.#noteSilence(camera, isSilent);
      },
    });
    return { handshake, unanswered: new Set() };
  }

  /** Implementation Guide V1.0b §4.4.1.2: 0 and 255 mean the server itself; here that is the first camera. */
  #unit(id: number): ModbusUnit | null {
    const index = id === 0 || id === 255 ? 0 : id - 1;
    const camera = this.#options.cameras[index];
    return camera === undefined ? null : (this.#lines.get(camera)?.handshake ?? null);
  }

  #perform(camera: string, action: HandshakeAction, receivedAt: number): void {
    const { actions, logger } = this.#options;
    switch (action.type) {
      case "trigger":
        this.#trigger(camera, action, receivedAt);
        return;
      case "select-recipe":
        this.#ask(
          camera,
          action.request,
          () => actions.selectRecipe(camera, action.number, BY),
          action.number,
        );
        return;
      case "start":
      case "stop":
      case "reset":
        this.#ask(camera, action.request, () => actions[action.type](camera, BY));
        return;
      case "reset-counters":
        this.#tell(camera, () => actions.resetCounters(camera, BY));
        return;
      case "bypass":
        this.#tell(camera, () => actions.setBypass(camera, action.on, BY));
        return;
      case "bypass-refused":
        logger.warn({ camera }, "the PLC set Bypass without its key; inspection goes on");
    }
  }

  #trigger(camera: string, action: Extract<HandshakeAction, { type: "trigger" }>, receivedAt: number): void {
    const line = this.#lines.get(camera);
    if (!line) return;
    const { actions, logger, newId, now, onTriggerLatency } = this.#options;
    const { tag, partId, missed } = action;
    const triggerId = newId();
    line.unanswered.add(triggerId);
    onTriggerLatency(camera, now() - receivedAt);
    settled(() => actions.trigger(camera, { triggerId, partId, tag, missed })).catch((error: unknown) => {
      logger.warn({ camera, tag, err: error }, "the station did not take a trigger; its part is ERR");
      if (line.unanswered.delete(triggerId)) line.handshake.judged(unjudged(tag), true);
    });
  }

  /** Something whose end the handshake waits for. */
  #ask(camera: string, request: number, work: () => Promise<unknown>, recipe?: number): void {
    const isUnknown = recipe !== undefined && !this.#knowsRecipe(recipe);
    const end = (result: Outcome["result"]): void => {
      this.#lines.get(camera)?.handshake.ended({ request, result });
    };
    if (isUnknown) {
      end("unknown-recipe");
      return;
    }
    settled(work).then(
      () => {
        end("done");
      },
      (error: unknown) => {
        this.#options.logger.warn({ camera, err: error }, "the station could not do what the PLC asked for");
        end("failed");
      },
    );
  }

  #tell(camera: string, work: () => Promise<void>): void {
    settled(work).catch((error: unknown) => {
      this.#options.logger.warn({ camera, err: error }, "the station could not do what the PLC asked for");
    });
  }

  #knowsRecipe(number: number): boolean {
    return number !== 0 && this.#options.recipes().some((recipe) => recipe.number === number);
  }

  #noteSilence(camera: string, isSilent: boolean): void {
    const text = `the PLC has not toggled PlcHeartbeat for ${this.#options.settings.heartbeatTimeoutMs} ms; check its cable and program`;
    this.#options.onFault(`plc/${camera}`, isSilent ? { code: "plc-heartbeat", text } : null);
  }

  /** Connections come and go; one that is refused is told of once. */
  #log(event: ModbusServerEvent): void {
    const { logger } = this.#options;
    if (event.type === "failed") {
      logger.error({ reason: event.message }, "the Modbus server has a problem");
    } else if (event.type === "refused" && !this.#refused.has(event.client) && this.#refused.size < 100) {
      this.#refused.add(event.client);
      logger.warn({ client: event.client }, "a Modbus client was refused: plc.modbus.allow does not name it");
    } else {
      logger.debug({ client: event.client }, `Modbus client ${event.type}`);
    }
  }
}

/** A call that throws at once rejects instead. */
async function settled(work: () => Promise<unknown>): Promise<void> {
  await work();
}

function portText({ host, port }: PlcSettings["modbus"], error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES") {
    return (
      `plc.modbus.port ${port} needs the right to listen below 1024: take a port from 1024 on, or give the service ` +
      "CAP_NET_BIND_SERVICE (docs/plc.md)"
    );
  }
  if (code === "EADDRINUSE") return `plc.modbus.port ${port} on ${host} is in use by another program`;
  return `the Modbus server cannot listen on ${host}:${port}: ${messageOf(error)}`;
}
