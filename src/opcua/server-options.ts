import { existsSync, mkdirSync } from "node:fs";
import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import { nodesets } from "node-opcua-nodesets";
import type { OPCUAServerOptions } from "node-opcua-server";
import type { ServerSettings } from "./protocol.ts";
import type { Users } from "./users.ts";

/** Values of SecurityPolicy and MessageSecurityMode (OPC 10000-4 §7.15). */
const POLICY = {
  none: "http://opcfoundation.org/UA/SecurityPolicy#None",
  basic256Sha256: "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256",
} as const;
const MODE = { none: 1, signAndEncrypt: 3 } as const;
/** Fixed, because a machine without a clock of its own may believe it is 1970 when it makes the certificate. */
const VALID = { from: new Date("2025-01-01T00:00:00Z"), days: 20 * 365 } as const;

/** Endpoints, certificates, users and limits of the server; makes the certificate if there is none. */
export async function serverOptions(settings: ServerSettings, users: Users): Promise<OPCUAServerOptions> {
  const { host, port, station, software, pkiDir, unencrypted, maxSessions } = settings;
  const store = await certificateStore(pkiDir, settings.trustAnyClient);
  const applicationUri = `urn:${hostname()}:assayd:${station}`;
  return {
    port,
    ...(listensEverywhere(host) ? {} : { host, hostname: host }),
    nodesets: [nodesets.standard, nodesets.machineVision],
    serverInfo: {
      applicationUri,
      productUri: "urn:assayd",
      applicationName: { text: `assayd ${station}` },
    },
    buildInfo: {
      productName: "assayd",
      productUri: "urn:assayd",
      manufacturerName: "assayd",
      softwareVersion: software,
    },
    securityPolicies: [...(unencrypted ? [POLICY.none] : []), POLICY.basic256Sha256] as never,
    securityModes: [...(unencrypted ? [MODE.none] : []), MODE.signAndEncrypt] as never,
    allowAnonymous: settings.anonymous !== "none",
    certificateFile: await ownCertificate(store, settings, applicationUri),
    serverCertificateManager: store,
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

/** The file of the station's own certificate; a station of another name gets another one. */
async function ownCertificate(
  store: OPCUACertificateManager,
  { pkiDir, station, host }: ServerSettings,
  applicationUri: string,
): Promise<string> {
  const outputFile = join(pkiDir, "own", "certs", `${station}.pem`);
  if (existsSync(outputFile)) return outputFile;
  await store.createSelfSignedCertificate({
    applicationUri,
    subject: `/CN=assayd ${station}`,
    dns: [hostname(), "localhost"],
    ip: listensEverywhere(host)
      ? allAddresses()
      : [...new Set(["127.0.0.1", host])].filter((ip) => isIPv4(ip)),
    startDate: VALID.from,
    validity: VALID.days,
    outputFile,
  });
  return outputFile;
}

function listensEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function allAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  return addresses.map(({ address }) => address).filter((address) => isIPv4(address));
}
