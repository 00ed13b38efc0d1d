import { InputError, messageOf } from "../../domain/errors.ts";
import { ModbusServer } from "../modbus/server.ts";
import { EXCEPTIONS, type ModbusUnit } from "../modbus/unit.ts";

/** Silence of the station's live sign after which the PLC lets go of its outputs (promises.md R14). */
const SILENCE_MS = 500;
const WATCH_MS = 50;
const MAX_CLIENTS = 16;
const ADDRESSES = 65_536;

export interface EjectorServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Coil of each ejector. What is written anywhere else is a live sign. */
  readonly coils: readonly Coil[];
  /** Monotonic ms. */
  readonly now: () => number;
  /** A coil has changed, because it was written or because the live sign has fallen silent; `at` by `now`. */
  readonly onCoil: (ejector: number, energised: boolean, at: number) => void;
}

export interface Coil {
  readonly unit: number;
  readonly address: number;
}

/** The PLC's own Modbus TCP server: the station writes its reject outputs here. */
export class EjectorServer {
  readonly #options: EjectorServerOptions;
  readonly #server: ModbusServer;
  readonly #energised: boolean[];
  #watch: NodeJS.Timeout | undefined;
  /** null: no station has shown a live sign yet. */
  #lastSign: number | null = null;

  constructor(options: EjectorServerOptions) {
    const { host, port, now } = options;
    this.#options = options;
    this.#energised = options.coils.map(() => false);
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
    const ejectorAt = (address: number): number =>
      this.#options.coils.findIndex((coil) => coil.unit === id && coil.address === address);
    return {
      read: (table, address, count) => {
        const values = Array.from({ length: count }, (_, n) =>
          table === "coils" && this.#energised[ejectorAt(address + n)] ? 1 : 0,
        );
        return address + count <= ADDRESSES ? values : null;
      },
      write: (table, address, values, receivedAt) => {
        if (address + values.length > ADDRESSES) return EXCEPTIONS.illegalAddress;
        for (const [n, value] of values.entries()) {
          const ejector = table === "coils" ? ejectorAt(address + n) : -1;
          if (ejector === -1) this.#lastSign = receivedAt;
          else this.#set(ejector, value === 1, receivedAt);
        }
        return null;
      },
    };
  }

  #checkSilence(): void {
    const now = this.#options.now();
    if (this.#lastSign === null || now - this.#lastSign < SILENCE_MS) return;
    for (const ejector of this.#energised.keys()) this.#set(ejector, false, now);
  }

  #set(ejector: number, energised: boolean, at: number): void {
    if (this.#energised[ejector] === energised) return;
    this.#energised[ejector] = energised;
    this.#options.onCoil(ejector, energised, at);
  }
}
