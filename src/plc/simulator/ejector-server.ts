import { InputError, messageOf } from "../../domain/errors.ts";
import { ModbusServer } from "../modbus/server.ts";
import { EXCEPTIONS, type ModbusTable, type ModbusUnit, type WritableTable } from "../modbus/unit.ts";

/** Silence of the station's live sign after which the PLC lets go of its outputs (promises.md R14). */
const SILENCE_MS = 500;
const WATCH_MS = 50;
const MAX_CLIENTS = 16;
const ADDRESSES = 65_536;

export interface EjectorServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly ejectors: readonly EjectorCoil[];
  /** Monotonic ms. */
  readonly now: () => number;
  /** A coil has changed, because it was written or because the live sign has fallen silent; `at` by `now`. */
  readonly onCoil: (ejector: number, energised: boolean, at: number) => void;
}

/** Where a station switches one ejector. */
export interface EjectorCoil {
  readonly unit: number;
  readonly coil: number;
  /** Where it shows that it lives; null: it does not, and the coil stays as it is. */
  readonly heartbeat: { readonly kind: "register" | "coil"; readonly address: number } | null;
}

interface EjectorState {
  energised: boolean;
  /** When it last showed that it lives; null: not yet. */
  livedAt: number | null;
}

/** The PLC's own Modbus TCP server: the station writes its reject outputs here. */
export class EjectorServer {
  readonly #options: EjectorServerOptions;
  readonly #server: ModbusServer;
  readonly #states: EjectorState[];
  #watch: NodeJS.Timeout | undefined;

  constructor(options: EjectorServerOptions) {
    const { host, port, now } = options;
    this.#options = options;
    this.#states = options.ejectors.map(() => ({ energised: false, livedAt: null }));
    this.#server = new ModbusServer({
      host,
      port,
      allow: [],
      maxClients: MAX_CLIENTS,
      unit: (id) => this.#unit(id),
      now,
      log: () => undefined,
    });
  }

  get port(): number {
    return this.#server.port;
  }

  /** @throws InputError if the address cannot be listened on */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    await this.#server.start().catch((error: unknown) => {
      const why = `The PLC's outputs cannot be served on ${host}:${port}: ${messageOf(error)}.`;
      throw new InputError("coils-port", `${why} Name another address with --coils.`, { cause: error });
    });
    this.#watch = setInterval(() => {
      this.#checkSilence();
    }, WATCH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#server.stop();
  }

  #unit(id: number): ModbusUnit {
    return {
      read: (table, address, count) => {
        if (address + count > ADDRESSES) return null;
        return Array.from({ length: count }, (_, n) => this.#valueAt(id, table, address + n));
      },
      write: (table, address, values, receivedAt) => {
        if (address + values.length > ADDRESSES) return EXCEPTIONS.illegalAddress;
        for (const [n, value] of values.entries()) this.#take(id, table, address + n, value, receivedAt);
        return null;
      },
    };
  }

  #valueAt(unit: number, table: ModbusTable, address: number): number {
    const ejector = this.#options.ejectors.findIndex((place) => isCoil(place, unit, table, address));
    return this.#states[ejector]?.energised === true ? 1 : 0;
  }

  #take(unit: number, table: WritableTable, address: number, value: number, at: number): void {
    for (const [ejector, place] of this.#options.ejectors.entries()) {
      if (isCoil(place, unit, table, address)) this.#set(ejector, value === 1, at);
      if (isHeartbeat(place, unit, table, address)) this.#states[ejector]!.livedAt = at;
    }
  }

  #checkSilence(): void {
    const now = this.#options.now();
    for (const [ejector, { livedAt }] of this.#states.entries())
      if (livedAt !== null && now - livedAt >= SILENCE_MS) this.#set(ejector, false, now);
  }

  #set(ejector: number, energised: boolean, at: number): void {
    const state = this.#states[ejector]!;
    if (state.energised === energised) return;
    state.energised = energised;
    this.#options.onCoil(ejector, energised, at);
  }
}

function isCoil(place: EjectorCoil, unit: number, table: ModbusTable, address: number): boolean {
  return table === "coils" && place.unit === unit && place.coil === address;
}

function isHeartbeat(place: EjectorCoil, unit: number, table: ModbusTable, address: number): boolean {
  const { heartbeat } = place;
  const tableOf = heartbeat?.kind === "coil" ? "coils" : "holding-registers";
  return heartbeat?.address === address && table === tableOf && place.unit === unit;
}
