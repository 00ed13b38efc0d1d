import { setTimeout as sleep } from "node:timers/promises";
import type { IPublishPacket } from "mqtt";
import type { Logger } from "pino";
import type { SparkplugConfig } from "../../config/sparkplug-schema.ts";
import { messageOf } from "../../domain/errors.ts";
import type { Inspection } from "../../domain/inspection.ts";
import type { StationActions, StationListener, StationView } from "../../domain/station-view.ts";
import type { Hardware } from "../../system/hardware.ts";
import { BrokerClient, type Publication } from "../client.ts";
import type { CommandAudit } from "../commands.ts";
import type { BrokerAddress, ConnectionIdentity } from "../connection.ts";
import type { ConnectionFault } from "../connection-fault.ts";
import { Timers } from "../timers.ts";
import { BdSeq } from "./bd-seq.ts";
import {
  connected,
  deathCertificate,
  deviceChanges,
  died,
  disconnected,
  historical,
  hostState,
  inspected,
  isBorn,
  nodeChanges,
  OFFLINE,
  reborn,
  subscribed,
  type EdgeNode,
  type EdgeNodeSettings,
  type NodeMessage,
  type Scene,
  type Step,
} from "./edge-node.ts";
import { readHostState } from "./host-state.ts";
import { MissedResults } from "./missed-results.ts";
import { encodePayload } from "./payload.ts";
import { SparkplugCommands } from "./sparkplug-commands.ts";
import { sparkplugTopics, type SparkplugTopics } from "./topics.ts";

const CHANGES_MS = 100; // changes within this go into one message
const LOOK_EVERY_MS = 10_000;
const NDEATH_TIMEOUT_MS = 500;

export interface SparkplugOptions {
  readonly config: Pick<SparkplugConfig, "group" | "node" | "primaryHost">;
  readonly station: string;
  readonly broker: BrokerAddress;
  readonly hardware: Hardware;
  /** Keeps bdSeq over restarts. */
  readonly bdSeqFile: string;
  readonly view: () => StationView;
  readonly actions: StationActions;
  /** Null: Node Control/Reboot is refused. */
  readonly onReboot: (() => void) | null;
  readonly audit: (entry: CommandAudit) => void;
  /** The reason there is no connection, when it changes; null when there is one. */
  readonly onFault: (fault: ConnectionFault | null) => void;
  /** systemd's $CREDENTIALS_DIRECTORY; null if there is none. */
  readonly credentialsDirectory: string | null;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Numbers for metrics and tests. */
export interface SparkplugStats {
  readonly phase: EdgeNode["phase"];
  /** Parts that no host has got yet. */
  readonly waiting: number;
  /** Parts that were given up. */
  readonly dropped: number;
}

/**
 * The station as a Sparkplug B 3.0 edge node, each camera as a device, on an MQTT connection of its own (a connection has one
 * will). What is said and when is decided in edge-node.ts; here it meets the broker. `inspected` and `lineChanged` return at
 * once and never throw.
 */
export class SparkplugNode implements StationListener {
  readonly #options: SparkplugOptions;
  readonly #topics: SparkplugTopics;
  readonly #settings: EdgeNodeSettings;
  readonly #commands: SparkplugCommands;
  readonly #bdSeq: BdSeq;
  readonly #missed: MissedResults;
  readonly #newest = new Map<string, Inspection>();
  readonly #changed = new Set<string>();
  readonly #timers = new Timers();
  #node: EdgeNode = OFFLINE;
  #client: BrokerClient | null = null;
  #bdSeqInUse = 0;
  #sendingMissed = false;
  #stopped = true;

  constructor(options: SparkplugOptions) {
    const { config, station, hardware, logger, view, actions, audit, onReboot } = options;
    this.#options = options;
    this.#topics = sparkplugTopics(config.group, config.node ?? station);
    this.#settings = { topics: this.#topics, primaryHost: config.primaryHost, hardware };
    this.#bdSeq = new BdSeq(options.bdSeqFile, logger);
    // a dead connection is noticed after one and a half keep-alives at the latest (MQTT 5.0 §3.1.2.10)
    this.#missed = new MissedResults(options.broker.keepaliveS * 1500);
    this.#commands = new SparkplugCommands({
      topics: this.#topics,
      view,
      actions,
      audit,
      onReboot,
      logger,
      onRebirth: () => {
        this.#take(reborn(this.#node, this.#scene()));
      },
    });
  }

  get stats(): SparkplugStats {
    return { phase: this.#node.phase, waiting: this.#missed.waiting, dropped: this.#missed.dropped };
  }

  /** Connects, and goes on connecting until `stop`. */
  start(): void {
    this.#stopped = false;
    this.#client = this.#newClient();
    this.#client.start();
    this.#watch();
  }

  /** Publishes NDEATH, then ends the connection. Within 2 s. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timers.clear();
    this.#changed.clear();
    await this.#leave();
  }

  inspected(inspection: Inspection): void {
    this.#newest.set(inspection.camera, inspection);
    this.#guarded(() => {
      const { taken, ...step } = inspected(this.#node, inspection, this.#scene());
      this.#take(step);
      if (taken) this.#missed.sent(inspection, performance.now());
      else this.#missed.add(inspection);
    });
  }

  lineChanged(camera: string): void {
    if (this.#stopped) return;
    if (this.#changed.size === 0) {
      this.#timers.after(CHANGES_MS, () => {
        this.#reportChanges();
      });
    }
    this.#changed.add(camera);
  }

  #reportChanges(): void {
    const cameras = [...this.#changed];
    this.#changed.clear();
    this.#guarded(() => {
      const scene = this.#scene();
      for (const camera of cameras) this.#take(deviceChanges(this.#node, camera, scene));
      this.#take(nodeChanges(this.#node, scene));
    });
  }

  /** Looks at everything every 10 s: nobody tells of health, or of the age of a frame. */
  #watch(): void {
    this.#timers.after(LOOK_EVERY_MS, () => {
      this.#guarded(() => {
        const { lines } = this.#options.view();
        for (const { name } of lines) this.lineChanged(name);
        for (const camera of this.#node.devices.keys()) this.lineChanged(camera); // of a camera that is gone too
      });
      this.#watch();
    });
  }

  #newClient(): BrokerClient {
    const { broker, logger, now } = this.#options;
    const client = new BrokerClient({
      broker,
      logger,
      now,
      identity: () => this.#identity(),
      onConnecting: () => {
        this.#bdSeq.used();
      },
      onConnect: () => void this.#connected(client),
      onDisconnect: () => {
        this.#node = disconnected(this.#node);
        this.#missed.connectionLost(performance.now());
      },
      onMessage: (packet) => {
        this.#received(packet);
      },
      onFault: (fault) => {
        this.#options.onFault(fault);
      },
    });
    return client;
  }

  /** The will is NDEATH with QoS 1, not retained (tck-id-payloads-ndeath-will-message-qos and -retain). */
  async #identity(): Promise<ConnectionIdentity> {
    this.#bdSeqInUse = await this.#bdSeq.reserve();
    const { topic, payload } = deathCertificate(this.#bdSeqInUse, {
      ...this.#settings,
      now: this.#now(),
    });
    const { station, credentialsDirectory } = this.#options;
    return {
      clientId: `assayd-${station}-sparkplug`,
      will: { topic, payload: encodePayload(payload), retain: false },
      sessionExpiryS: 0, // tck-id-principles-persistence-clean-session-50
      endsWithWill: true, // tck-id-payloads-ndeath-will-message-publisher-disconnect-mqtt50
      credentialsDirectory,
    };
  }

  /** Listens before it is born, so that no command to what it announces is lost. */
  async #connected(client: BrokerClient): Promise<void> {
    const bdSeq = this.#bdSeqInUse;
    this.#node = connected(this.#node, bdSeq);
    const { primaryHost } = this.#settings;
    const state = primaryHost === null ? [] : [this.#topics.hostState(primaryHost)]; // last: its answer may be our birth
    try {
      // QoS 1: tck-id-message-flow-edge-node-ncmd-subscribe, tck-id-message-flow-device-dcmd-subscribe
      for (const filter of [this.#topics.node("NCMD"), this.#topics.deviceCommands, ...state]) {
        await client.subscribe(filter);
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, "Sparkplug commands cannot be received");
    }
    if (this.#node.bdSeq !== bdSeq) return; // that connection is gone
    this.#guarded(() => {
      this.#take(subscribed(this.#node, this.#scene()));
    });
  }

  #received(packet: IPublishPacket): void {
    const { primaryHost } = this.#settings;
    if (primaryHost !== null && packet.topic === this.#topics.hostState(primaryHost)) {
      this.#hostState(Buffer.from(packet.payload), primaryHost);
      return;
    }
    this.#commands.receive(packet);
  }

  #hostState(payload: Buffer, host: string): void {
    const state = readHostState(payload);
    if (state === null) {
      this.#options.logger.warn({ host }, "STATE of the primary host cannot be read; ignored");
      return;
    }
    this.#guarded(() => {
      const { leave, ...step } = hostState(this.#node, state, this.#scene());
      if (leave) void this.#startOver(host);
      else this.#take(step);
    });
  }

  /** tck-id-message-flow-edge-node-birth-publish-phid-offline: NDEATH, and the connection is made anew. */
  async #startOver(host: string): Promise<void> {
    this.#options.logger.warn({ host }, "Sparkplug primary host is offline; waiting for it");
    await this.#leave();
    if (this.#stopped) return;
    this.#client = this.#newClient();
    this.#client.start();
  }

  /** NDEATH, then the end of the connection (tck-id-operational-behavior-edge-node-intentional-disconnect-packet). */
  async #leave(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    const { node, messages } = died(this.#node, { ...this.#settings, now: this.#now() });
    this.#node = node;
    for (const message of messages) {
      const acknowledged = client.publish(publication(message)).then(
        () => {
          this.#missed.delivered(); // it was sent after all of them
        },
        () => undefined, // the connection is gone: the broker sends the will
      );
      await Promise.race([acknowledged, sleep(NDEATH_TIMEOUT_MS, undefined, { ref: false })]);
    }
    await client.stop();
  }

  #take({ node, messages }: Step): void {
    this.#node = node;
    for (const message of messages) void this.#publish(message);
    this.#sendMissed();
  }

  /** Resolves when it is written or lost with the connection; what was lost is known to `#missed`. */
  async #publish(message: NodeMessage): Promise<void> {
    try {
      await this.#client?.publish(publication(message));
    } catch (error) {
      this.#options.logger.debug({ topic: message.topic, err: error }, "Sparkplug message lost");
    }
  }

  #sendMissed(): void {
    if (this.#sendingMissed || this.#missed.waiting === 0) return;
    this.#sendingMissed = true;
    void this.#drain().finally(() => {
      this.#sendingMissed = false;
    });
  }

  async #drain(): Promise<void> {
    for (;;) {
      const part = this.#missed.next((camera) => isBorn(this.#node, camera));
      if (part === null) return;
      const { node, messages } = historical(this.#node, part, { topics: this.#topics, now: this.#now() });
      this.#node = node;
      this.#missed.sent(part, performance.now());
      for (const message of messages) await this.#publish(message);
    }
  }

  #scene(): Scene {
    return { ...this.#settings, view: this.#options.view(), newest: this.#newest, now: this.#now() };
  }

  #now(): number {
    return Math.round(this.#options.now());
  }

  /** Nothing of ours may end the caller: it is the data path. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.logger.error({ err: error }, `Sparkplug: ${messageOf(error)}`);
    }
  }
}

function publication({ topic, payload, qos }: NodeMessage): Publication {
  return { topic, payload: encodePayload(payload), qos, retain: false };
}
