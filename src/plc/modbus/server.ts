import { BlockList, createServer, isIPv6, type AddressInfo, type Server, type Socket } from "node:net";
import { messageOf } from "../../domain/errors.ts";
import { ModbusConnection } from "./connection.ts";
import { answerPdu } from "./pdu.ts";
import type { ModbusUnit } from "./unit.ts";

export interface ModbusServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Addresses and networks (`10.0.0.0/24`) that may connect; empty: all. */
  readonly allow: readonly string[];
  readonly maxClients: number;
  /** What answers behind a unit id; null: nothing. */
  readonly unit: (id: number) => ModbusUnit | null;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly log: (event: ModbusServerEvent) => void;
}

export type ModbusServerEvent =
  | { readonly type: "connected" | "closed" | "refused" | "crowded-out"; readonly client: string }
  | { readonly type: "failed"; readonly message: string };

/** Longest time that requests take from everything else in one turn of the event loop, ms. */
const TURN_MS = 1;
/** Requests of one client before the next client's turn. */
const REQUESTS_PER_CLIENT = 4;

/**
 * A Modbus TCP server over units. Requests are answered in order of arrival, a few at a time from each client, and never for
 * longer than a millisecond before other work has its turn: modbus-serial's ServerTCP answers all that has arrived at once
 * (one flooding client: event loop late by 156 ms p99), has no allow-list and leaves malformed requests without an answer.
 */
export class ModbusServer {
  readonly #options: ModbusServerOptions;
  readonly #allowed: BlockList | null;
  readonly #connections = new Set<ModbusConnection>();
  readonly #waiting = new Set<ModbusConnection>();
  #server: Server | null = null;
  #turn: NodeJS.Immediate | null = null;

  constructor(options: ModbusServerOptions) {
    this.#options = options;
    this.#allowed = options.allow.length === 0 ? null : networks(options.allow);
  }

  /** The port it listens on; 0 if it does not. */
  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0;
  }

  get clients(): number {
    return this.#connections.size;
  }

  /** Resolves when clients can connect. @throws Error of node:net (EADDRINUSE, EACCES) */
  async start(): Promise<void> {
    const server = createServer((socket) => {
      this.#accept(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#options.port, this.#options.host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.on("error", (error) => {
      this.#options.log({ type: "failed", message: messageOf(error) });
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (this.#turn) clearImmediate(this.#turn);
    this.#turn = null;
    for (const connection of this.#connections) connection.close();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #accept(socket: Socket): void {
    const client = socket.remoteAddress ?? "";
    socket.on("error", () => socket.destroy());
    if (!this.#isAllowed(client)) {
      this.#options.log({ type: "refused", client });
      socket.destroy();
      return;
    }
    if (this.#connections.size >= this.#options.maxClients) this.#crowdOut();
    const connection: ModbusConnection = new ModbusConnection(
      socket,
      () => {
        this.#waiting.add(connection);
        if (this.#turn === null) this.#serve();
      },
      this.#options.now,
    );
    this.#connections.add(connection);
    this.#options.log({ type: "connected", client });
    socket.once("close", () => {
      this.#connections.delete(connection);
      this.#waiting.delete(connection);
      this.#options.log({ type: "closed", client });
    });
  }

  #isAllowed(client: string): boolean {
    if (this.#allowed === null) return true;
    const address = client.replace(/^::ffff:(?=\d+\.)/, "");
    return this.#allowed.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }

  /** Implementation Guide V1.0b §4.2: where connections run out, the one unused for longest is closed. */
  #crowdOut(): void {
    const [first, ...others] = this.#connections;
    if (!first) return;
    const stalest = others.reduce((stale, other) => (other.heardAt < stale.heardAt ? other : stale), first);
    this.#options.log({ type: "crowded-out", client: stalest.address });
    this.#connections.delete(stalest);
    stalest.close();
  }

  #serve(): void {
    this.#turn = null;
    const start = this.#options.now();
    for (const connection of this.#waiting) {
      // Deleted and added again, a connection comes last: the loop goes round until none waits or time is up.
      this.#waiting.delete(connection);
      if (this.#answerSome(connection)) this.#waiting.add(connection);
      if (this.#options.now() - start >= TURN_MS) break;
    }
    if (this.#waiting.size > 0) {
      this.#turn = setImmediate(() => {
        this.#serve();
      });
    }
  }

  /** @returns whether more may wait */
  #answerSome(connection: ModbusConnection): boolean {
    for (let answered = 0; answered < REQUESTS_PER_CLIENT; answered += 1) {
      const request = connection.take();
      if (request === null) return false;
      const pdu = answerPdu(request.pdu, this.#options.unit(request.unit), connection.heardAt);
      connection.answer({ ...request, pdu });
    }
    return true;
  }
}

function networks(allow: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of allow) {
    const [address = "", bits] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
