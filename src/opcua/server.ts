import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ISessionContext } from "node-opcua-address-space";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import { nodesets } from "node-opcua-nodesets";
import { OPCUAServer, type OPCUAServerOptions } from "node-opcua-server";
import type { FromServer, ServerSettings, ToServer } from "./protocol.ts";
import { StationLink } from "./station-link.ts";
import { Users } from "./users.ts";
import { MachineVision } from "./vision-nodes.ts";
import { VisionSystem } from "./vision-system.ts";

/** Values of SecurityPolicy and MessageSecurityMode (OPC 10000-4 §7.15). */
const POLICY = {
  none: "http://opcfoundation.org/UA/SecurityPolicy#None",
  basic256Sha256: "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256",
} as const;
const MODE = { none: 1, signAndEncrypt: 3 } as const;
const SESSIONS_EVERY_MS = 1000;

/** The OPC UA server: one vision system a camera. Lives in a process of its own. */
export class VisionServer {
  readonly #settings: ServerSettings;
  readonly #send: (message: FromServer) => void;
  readonly #link: StationLink;
  readonly #systems = new Map<string, VisionSystem>();
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
        this.#systems.get(message.camera)?.acquired(message.jobId);
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

async function serverOptions(settings: ServerSettings, users: Users): Promise<OPCUAServerOptions> {
  const { host, port, station, pkiDir, unencrypted, maxSessions } = settings;
  const everywhere = host === "0.0.0.0" || host === "::";
  return {
    port,
    ...(everywhere ? {} : { host, hostname: host }),
    nodesets: [nodesets.standard, nodesets.machineVision],
    serverInfo: {
      applicationUri: `urn:${hostname()}:assayd:${station}`,
      productUri: "urn:assayd",
      applicationName: { text: `assayd ${station}` },
    },
    buildInfo: {
      productName: "assayd",
      productUri: "urn:assayd",
      manufacturerName: "assayd",
      softwareVersion: settings.software,
    },
    securityPolicies: [...(unencrypted ? [POLICY.none] : []), POLICY.basic256Sha256] as never,
    securityModes: [...(unencrypted ? [MODE.none] : []), MODE.signAndEncrypt] as never,
    allowAnonymous: settings.anonymous !== "none",
    serverCertificateManager: await certificateStore(pkiDir, settings.trustAnyClient),
    userCertificateManager: await certificateStore(join(pkiDir, "users"), false),
    userManager: {
      isValidUserAsync: (name, password, answer) => {
        users.isValid(name, password).then(
          (valid) => {
            answer(null, valid);
          },
          (error: unknown) => {
            answer(error as Error);
          },
        );
      },
    },
    serverCapabilities: {
      maxSessions,
      maxSubscriptions: 4 * maxSessions,
      maxMonitoredItems: 100 * maxSessions,
    },
    maxConnectionsPerEndpoint: 2 * maxSessions,
  };
}

/** A store of certificates; unknown ones are kept in `rejected/`, from where somebody may move them to `trusted/certs/`. */
async function certificateStore(rootFolder: string, trustAny: boolean): Promise<OPCUACertificateManager> {
  mkdirSync(rootFolder, { recursive: true, mode: 0o700 });
  const store = new OPCUACertificateManager({ rootFolder, automaticallyAcceptUnknownCertificate: trustAny });
  await store.initialize();
  return store;
}
