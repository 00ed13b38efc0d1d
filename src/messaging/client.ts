import {
  connect,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
} from "mqtt";
import type { Logger } from "pino";
import { DeliveryError, messageOf } from "../domain/errors.ts";
import { Backoff } from "../system/children.ts";
import { connectionFault, needsPerson, type ConnectionFault } from "./connection-fault.ts";
import { connectionOptions, type BrokerAddress, type ConnectionIdentity } from "./connection.ts";
import { Slots } from "./slots.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
const PERSON_RETRY_MS = 30_000; // wrong password and the like: an account must not be locked by us
const QOS1_IN_FLIGHT = 100; // promises.md §0.1
const PUBACK_TIMEOUT_MS = 20_000;
const DISCONNECT_WITH_WILL = 0x04; // MQTT 5.0 §3.14.2.1

/** One message for the broker. */
export interface Publication {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 message expiry, seconds; left out on MQTT 3.1.1. */
  readonly expiryS?: number | null;
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
  readonly correlationData?: Buffer;
}

export interface ClientOptions {
  readonly broker: BrokerAddress;
  /** Asked anew for each attempt where it is a function. */
  readonly identity: ConnectionIdentity | (() => Promise<ConnectionIdentity>);
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  /** There is a connection, over which the CONNECT packet goes; an attempt that finds no broker has none. */
  readonly onConnecting?: () => void;
  /** Once for each connection, before anything is published. */
  readonly onConnect: () => void;
  readonly onDisconnect: () => void;
  readonly onMessage: (packet: IPublishPacket) => void;
  /** The reason there is no broker, when it changes; null when connected. */
  readonly onFault: (fault: ConnectionFault | null) => void;
}

/**
 * A connection to the broker that comes back by itself. mqtt.js is the transport of one connection only: each attempt
 * makes a new one, so that its in-memory queue (which loses messages silently, promises.md §0.1) is never used.
 */
export class BrokerClient {
  readonly #options: ClientOptions;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
  #transport: MqttClient | null = null;
  #connack: IConnackPacket | null = null;
  #slots = new Slots(0);
  /** Messages on their way. */
  readonly #awaiting = new Set<(error: Error) => void>();
  #connectedAt: number | null = null;
  #fault: ConnectionFault | null = null;
  #retry: NodeJS.Timeout | null = null;
  #endOptions: { readonly reasonCode?: number } = {};
  #stopped = true;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connectedAt !== null;
  }

  /** When the present connection was made, epoch ms; null without one. */
  get connectedAt(): number | null {
    return this.#connectedAt;
  }

  get fault(): ConnectionFault | null {
    return this.#fault;
  }

  /** QoS 1 messages that may be on their way at once: ours, and no more than the broker takes. */
  get window(): number {
    return Math.min(QOS1_IN_FLIGHT, this.#connack?.properties?.receiveMaximum ?? QOS1_IN_FLIGHT);
  }

  start(): void {
    this.#stopped = false;
    void this.#connect();
  }

  /** Ends the connection in order (the will is sent only if `endsWithWill`). Publish what must still go before. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const transport = this.#transport;
    if (transport === null) return;
    this.#lost();
    const timeout = setTimeout(() => transport.end(true), 1000);
    await transport.endAsync(false, this.#endOptions);
    clearTimeout(timeout);
  }

  /**
   * Resolves when it is written (QoS 0) or acknowledged by the broker (QoS 1).
   * @throws DeliveryError if there is no connection, it ends meanwhile, or the broker refuses the message
   */
  async publish(message: Publication): Promise<void> {
    const transport = this.#transport;
    if (transport === null || !this.connected) throw notConnected(message.topic);
    this.#checkSize(message);
    if (message.qos === 0) return this.#send(transport, message);
    const slots = this.#slots;
    await slots.take();
    try {
      await this.#send(transport, message);
    } finally {
      slots.give();
    }
  }

  /** @throws DeliveryError if the broker does not allow it */
  async subscribe(filter: string): Promise<void> {
    const transport = this.#transport;
    if (transport === null || !this.connected) throw notConnected(filter);
    try {
      const granted = await transport.subscribeAsync(filter, { qos: 1, rap: true });
      if (granted.some(({ qos }) => qos > 2)) throw new Error("not authorized");
    } catch (error) {
      throw new DeliveryError(
        "mqtt-denied",
        `The broker does not let us subscribe to ${filter} (${messageOf(error)}). Allow it in the broker's access list.`,
        { cause: error },
      );
    }
  }

  #send(transport: MqttClient, message: Publication): Promise<void> {
    const { topic, payload, qos, retain } = message;
    const properties =
      this.#options.broker.protocolVersion === 5 ? { properties: publishProperties(message) } : {};
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.#awaiting.delete(settle);
        if (error === undefined) resolve();
        else reject(notTaken(topic, error));
      };
      const timer = setTimeout(() => {
        settle(new Error(`no acknowledgement in ${PUBACK_TIMEOUT_MS / 1000} s`));
      }, PUBACK_TIMEOUT_MS);
      this.#awaiting.add(settle);
      transport.publish(topic, payload, { qos, retain, ...properties }, (error) => {
        settle(error ?? undefined);
      });
    });
  }

  #checkSize({ topic, payload }: Publication): void {
    const limit = this.#connack?.properties?.maximumPacketSize;
    const size = Buffer.byteLength(payload) + Buffer.byteLength(topic) + 512; // 512: header and properties, more than we ever send
    if (limit === undefined || size <= limit) return;
    throw new DeliveryError(
      "mqtt-too-large",
      `A message of ${size} bytes on ${topic} is above the broker's maximum of ${limit}. Raise the broker's limit.`,
    );
  }

  async #connect(): Promise<void> {
    let options: IClientOptions;
    try {
      const { broker, identity: given } = this.#options;
      const identity = typeof given === "function" ? await given() : given;
      this.#endOptions =
        identity.endsWithWill === true && broker.protocolVersion === 5
          ? { reasonCode: DISCONNECT_WITH_WILL }
          : {};
      options = await connectionOptions(broker, identity);
    } catch (error) {
      this.#closed(error);
      return;
    }
    if (this.#stopped) return;
    const transport = connect(this.#options.broker.url, options);
    this.#transport = transport;
    let reason: unknown = new Error("the connection was closed");
    const announced = once(() => this.#options.onConnecting?.());
    transport.stream.once("connect", announced); // web sockets have no such event: there CONNACK tells
    transport.on("connect", (connack) => {
      announced();
      this.#opened(connack);
    });
    transport.on("message", (_topic, _payload, packet) => {
      this.#options.onMessage(packet);
    });
    transport.on("disconnect", (packet) => {
      reason = new Error(`the broker ended the connection, reason code ${packet.reasonCode ?? 0}`);
    });
    transport.on("error", (error) => {
      reason = error;
    });
    transport.on("close", () => {
      if (this.#transport !== transport) return;
      transport.end(true);
      this.#closed(reason);
    });
  }

  #opened(connack: IConnackPacket): void {
    this.#connack = connack;
    this.#slots = new Slots(this.window);
    this.#connectedAt = this.#options.now();
    this.#backoff.reset();
    this.#setFault(null);
    this.#options.logger.info({ broker: this.#options.broker.url }, "broker connected");
    this.#options.onConnect();
  }

  #closed(reason: unknown): void {
    const { broker, now } = this.#options;
    this.#lost();
    if (this.#stopped) return;
    const fault = connectionFault(reason, broker.url, broker.username, now());
    this.#setFault(fault);
    const delayMs = needsPerson(fault.code) ? PERSON_RETRY_MS : this.#backoff.next();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), delayMs);
  }

  #lost(): void {
    const wasConnected = this.connected;
    this.#transport = null;
    this.#connack = null;
    this.#connectedAt = null;
    this.#slots.close(notConnected("the broker"));
    for (const settle of [...this.#awaiting]) settle(new Error("the connection ended"));
    if (wasConnected) this.#options.onDisconnect();
  }

  /** One log line and one report for each new kind of fault, not for each attempt. */
  #setFault(fault: ConnectionFault | null): void {
    if (fault?.code === this.#fault?.code) return;
    this.#fault = fault;
    if (fault !== null) this.#options.logger.warn({ code: fault.code }, fault.text);
    this.#options.onFault(fault);
  }
}

function notConnected(topic: string): DeliveryError {
  return new DeliveryError(
    "mqtt-not-connected",
    `Nothing can be sent to ${topic}: there is no broker connection.`,
  );
}

function notTaken(topic: string, cause: Error): DeliveryError {
  return new DeliveryError(
    "mqtt-publish",
    `The broker did not take the message on ${topic} (${cause.message}).`,
    { cause },
  );
}

function publishProperties(message: Publication): NonNullable<IPublishPacket["properties"]> {
  const { expiryS, contentType, userProperties, correlationData } = message;
  return {
    ...(typeof expiryS === "number" && { messageExpiryInterval: Math.max(1, Math.ceil(expiryS)) }),
    ...(contentType !== undefined && { contentType }),
    ...(userProperties !== undefined && { userProperties: { ...userProperties } }),
    ...(correlationData !== undefined && { correlationData }),
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
