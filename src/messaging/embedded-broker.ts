import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { DeliveryError, messageOf } from "../domain/errors.ts";

const CLIENTS_MAX = 50;
const DRAIN_TIMEOUT_MS = 5000; // a frozen subscriber is dropped, or it would hold up all others

/**
 * A small broker inside assayd, so that it can be tried without any other program. Its limits: MQTT 3.1 and 3.1.1 only
 * (no response topic, no message expiry), nothing on disk (retained topics and queues end with the process), no password
 * and no TLS, 50 clients, one process. For a line use a real broker (`broker.kind: external`).
 */
export class EmbeddedBroker {
  readonly #host: string;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #broker: Aedes | null = null;
  #server: Server | null = null;

  /** @param port 0 takes a free one; `port` and `url` say which, after `start` */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** @throws DeliveryError `broker-port` if it cannot listen (EADDRINUSE, EACCES) */
  async start(): Promise<void> {
    const broker = await Aedes.createBroker({ drainTimeout: DRAIN_TIMEOUT_MS, connectTimeout: 5000 });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      broker.handle(socket);
    });
    server.maxConnections = CLIENTS_MAX;
    this.#broker = broker;
    this.#server = server;
    server.listen(this.#port, this.#host);
    try {
      await once(server, "listening");
    } catch (error) {
      throw new DeliveryError(
        "broker-port",
        `The embedded broker cannot listen on ${this.#host}:${this.#port} (${messageOf(error)}). ` +
          `If another broker has the port, give this one a free port, or name that broker in the configuration (broker.kind: external).`,
        { cause: error },
      );
    }
  }

  /** The port that is listened on; 0 before `start`. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? 0;
  }

  get url(): string {
    const host = this.#host.includes(":") ? `[${this.#host}]` : this.#host;
    return `mqtt://${host}:${this.port}`;
  }

  async stop(): Promise<void> {
    const [broker, server] = [this.#broker, this.#server];
    [this.#broker, this.#server] = [null, null];
    if (broker === null || server === null) return;
    await new Promise<void>((resolve) => {
      broker.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  }
}
