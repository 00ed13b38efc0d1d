import { createServer, type Server, type Socket } from "node:net";
import modbusSerial from "modbus-serial";

/** What a PLC was told, in its order. */
export interface Written {
  readonly kind: "coil" | "register";
  readonly address: number;
  readonly value: boolean | number;
  readonly unit: number;
}

/** A PLC of another make than ours (modbus-serial's server), that remembers what is written. */
export class PlcCoils {
  readonly written: Written[] = [];
  readonly port: number;
  readonly #server: InstanceType<typeof modbusSerial.ServerTCP>;

  /** @param port a free one if it is not given */
  static async start(port?: number): Promise<PlcCoils> {
    const chosen = port ?? (await freePort());
    const written: Written[] = [];
    const refuseAbove = (address: number): void => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the library is told of an exception
      if (address > 1000) throw { modbusErrorCode: 2, msg: "no such address" };
    };
    const server = new modbusSerial.ServerTCP(
      {
        setCoil: (address: number, value: boolean, unit: number) => {
          refuseAbove(address);
          written.push({ kind: "coil", address, value, unit });
        },
        setRegister: (address: number, value: number, unit: number) => {
          refuseAbove(address);
          written.push({ kind: "register", address, value, unit });
        },
      },
      { host: "127.0.0.1", port: chosen, unitID: 255 },
    );
    await new Promise<void>((resolve, reject) => {
      server.on("serverError", reject);
      server.on("initialized", () => {
        resolve();
      });
    });
    return new PlcCoils(server, written, chosen);
  }

  private constructor(server: InstanceType<typeof modbusSerial.ServerTCP>, written: Written[], port: number) {
    this.#server = server;
    this.written = written;
    this.port = port;
  }

  coils(address: number): readonly boolean[] {
    return this.written
      .filter((entry) => entry.kind === "coil" && entry.address === address)
      .map(({ value }) => value as boolean);
  }

  registers(address: number): readonly number[] {
    return this.written
      .filter((entry) => entry.kind === "register" && entry.address === address)
      .map(({ value }) => value as number);
  }

  /** Ends all connections, as a PLC that is switched off. */
  async stop(): Promise<void> {
    for (const socket of this.#server.socks.keys()) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/** The library takes port 0 for its default. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Takes connections and never answers. */
export class SilentPlc {
  readonly sockets: Socket[] = [];
  #server: Server | null = null;

  async start(): Promise<number> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      this.sockets.push(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server?.close();
  }
}
