import { setTimeout as delay } from "node:timers/promises";
import type { ISessionContext } from "node-opcua-address-space";
import { OPCUAServer } from "node-opcua-server";
import type { FromServer, ServerSettings, ToServer } from "./protocol.ts";
import { serverOptions } from "./server-options.ts";
import { StationLink } from "./station-link.ts";
import { Users } from "./users.ts";
import { MachineVision } from "./vision-nodes.ts";
import { VisionSystem } from "./vision-system.ts";

const SESSIONS_EVERY_MS = 1000;

/** The OPC UA server: one vision system a camera. Lives in a process of its own. */
export class VisionServer {
  readonly #settings: ServerSettings;
  readonly #send: (message: FromServer) => void;
  readonly #link: StationLink;
  readonly #systems = new Map<string, VisionSystem>();
  #server: OPCUAServer | null = null;
  #sessions = 0;

  constructor(settings: ServerSettings, send: (message: FromServer) => void) {
    this.#settings = settings;
    this.#send = send;
    this.#link = new StationLink(send);
  }

  /**
   * Makes the certificate if there is none, loads the node sets and listens.
   * @returns the endpoints' addresses
   * @throws ConfigError `opcua-users`; the library's errors, e.g. for a port in use
   */
  async start(): Promise<readonly string[]> {
    const users = await Users.read(this.#settings.usersFile, (ms) => delay(ms));
    const server = new OPCUAServer(await serverOptions(this.#settings, users));
    this.#server = server;
    await server.initialize();
    const space = server.engine.addressSpace;
    if (!space) throw new Error("The OPC UA server has no address space.");
    const vision = new MachineVision(space);
    for (const camera of this.#settings.cameras) {
      this.#systems.set(
        camera,
        new VisionSystem(vision, {
          camera,
          results: this.#settings.results,
          mayOperate: (context) => this.#mayOperate(context),
          ask: (call) => this.#link.ask(call),
        }),
      );
    }
    await server.start();
    setInterval(() => {
      this.#tellSessions(server.engine.currentSessionCount);
    }, SESSIONS_EVERY_MS).unref();
    return [...new Set(server.endpoints.flatMap((endpoint) => endpoint.endpointDescriptions()))].map(
      ({ endpointUrl }) => endpointUrl ?? "",
    );
  }

  /** Tells the clients and closes their sessions. */
  async stop(): Promise<void> {
    await this.#server?.shutdown(100);
  }

  take(message: ToServer): void {
    switch (message.type) {
      case "start":
        return;
      case "state":
        for (const line of message.lines) this.#systems.get(line.camera)?.apply(line, message);
        return;
      case "history":
        for (const result of message.results) this.#systems.get(result.camera)?.remember(result);
        return;
      case "result":
        this.#systems.get(message.result.camera)?.resultReady(message.result);
        return;
      case "acquired":
        this.#systems.get(message.camera)?.acquired(message.triggerId, message.jobId);
        return;
      case "answer":
        this.#link.answered(message.id, message.answer);
        return;
    }
  }

  /** Users of the file; without one (anonymous) only if the configuration says so. */
  #mayOperate(context: ISessionContext): boolean {
    if (this.#settings.anonymous === "operate") return true;
    const token: unknown = context.session?.userIdentityToken;
    return typeof token === "object" && token !== null && "userName" in token;
  }

  #tellSessions(count: number): void {
    if (count === this.#sessions) return;
    this.#sessions = count;
    this.#send({ type: "sessions", count });
  }
}
