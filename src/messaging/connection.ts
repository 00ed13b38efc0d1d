import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { IClientOptions } from "mqtt";
import type { BrokerConfig } from "../config/schema.ts";
import { ConfigError, messageOf } from "../domain/errors.ts";

/** The part of the configuration that says how to reach a broker outside. */
export type BrokerAddress = Omit<Extract<BrokerConfig, { kind: "external" }>, "kind">;

export interface ConnectionIdentity {
  /** Stable over restarts, so that the broker replaces a dead connection instead of keeping two. */
  readonly clientId: string;
  readonly will: {
    readonly topic: string;
    readonly payload: string | Buffer;
    /** Default true: a late subscriber learns that the station is away. */
    readonly retain?: boolean;
  };
  /** How long the broker keeps the session after the connection, seconds (MQTT 5). Default 1 h. */
  readonly sessionExpiryS?: number;
  /** A wanted end lets the broker send the will (MQTT 5, reason code 0x04). Default false. */
  readonly endsWithWill?: boolean;
  /** systemd's $CREDENTIALS_DIRECTORY; null if there is none. */
  readonly credentialsDirectory: string | null;
}

const SESSION_EXPIRY_S = 3600; // interfaces.md §3.1, client rules
const MAX_INCOMING_BYTES = 1024 * 1024; // commands above 64 KiB are answered in words up to here; the broker drops larger ones
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Options for one connection of mqtt.js, which is used as transport only: it neither reconnects nor queues. Files are
 * read each time, so that a new password or certificate is taken at the next attempt.
 * @throws ConfigError if a file named in the configuration cannot be read
 */
export async function connectionOptions(
  broker: BrokerAddress,
  identity: ConnectionIdentity,
): Promise<IClientOptions> {
  const password = await brokerPassword(broker, identity.credentialsDirectory);
  const [ca, cert, key] = await Promise.all([
    fileOf("broker.caFile", broker.caFile),
    fileOf("broker.certFile", broker.certFile),
    fileOf("broker.keyFile", broker.keyFile),
  ]);
  return {
    clientId: identity.clientId,
    protocolVersion: broker.protocolVersion,
    clean: true,
    keepalive: broker.keepaliveS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    rejectUnauthorized: true,
    will: {
      topic: identity.will.topic,
      payload: Buffer.from(identity.will.payload),
      qos: 1,
      retain: identity.will.retain ?? true,
    },
    ...(broker.protocolVersion === 5 && {
      properties: {
        sessionExpiryInterval: identity.sessionExpiryS ?? SESSION_EXPIRY_S,
        maximumPacketSize: MAX_INCOMING_BYTES,
      },
    }),
    ...(broker.username !== undefined && { username: broker.username }),
    ...(password !== null && { password }),
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
  };
}

/** From the file, else from systemd's credential `mqtt-password` if it is there, else none. */
async function brokerPassword(
  broker: BrokerAddress,
  credentialsDirectory: string | null,
): Promise<string | null> {
  const configured = await fileOf("broker.passwordFile", broker.passwordFile);
  if (configured !== null) return configured.toString("utf8").replace(/\r?\n$/, "");
  if (credentialsDirectory === null) return null;
  try {
    const credential = await readFile(join(credentialsDirectory, "mqtt-password"), "utf8");
    return credential.replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function fileOf(key: string, path: string | undefined): Promise<Buffer | null> {
  if (path === undefined) return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigError(
      "mqtt-file",
      `${key} "${path}" cannot be read (${messageOf(error)}). Name a file that this user may read.`,
      { cause: error },
    );
  }
}
