import { dirname, join } from "node:path";
import { replaySchema } from "../config/history-schema.ts";
import { messageOf } from "../domain/errors.ts";
import type { Frame, Inspection } from "../domain/inspection.ts";
import type { StoreFailure } from "../store/protocol.ts";
import { Store } from "../store/store.ts";
import { Audit } from "./audit.ts";
import { BrokerClient, type Publication } from "./client.ts";
import { Commands } from "./commands.ts";
import type { BrokerAddress } from "./connection.ts";
import { EmbeddedBroker } from "./embedded-broker.ts";
import { ImageLane, type InspectionPicture } from "./image-lane.ts";
import type { BrokerGuest, MessengerOptions, MessengerStats } from "./messenger-options.ts";
import { KeptTopics } from "./kept-topics.ts";
import { OutboxPublisher } from "./outbox.ts";
import { stationReplays } from "./station-replays.ts";
import { resultPayload, type ResultContext } from "./result-payload.ts";
import type { Replays } from "./replays.ts";
import { RetainedTopics, type RetainedSink } from "./retained.ts";
import { sinkOf } from "./sink.ts";
import { StateTopics } from "./state-topics.ts";
import { StoreCare } from "./store-care.ts";
import { StationMessages } from "./station-messages.ts";
import { stationTopics, type StationTopics } from "./topics.ts";

export type { MessengerStats };

const LIVE_EXPIRY_S = 60; // interfaces.md §3.1
const STOP_TIMEOUT_MS = 500; // of each step; all within 3 s (promises.md R24)
const DRAIN_POLL_MS = 10;

/**
 * Everything the station says to and hears from the plant. Nothing here waits for the broker or the disk on the verdict's
 * path: `deliver`, `event`, `alarm` and the state calls return at once and never throw.
 */
export class Messenger {
  readonly #options: MessengerOptions;
  readonly #topics: StationTopics;
  readonly #messages: StationMessages;
  readonly #store: Store;
  readonly #kept: KeptTopics;
  /** Stored results on request (command `replay`). */
  readonly replays: Replays;
  readonly #broker: EmbeddedBroker | null;
  readonly #outbox: OutboxPublisher;
  readonly #commands: Commands;
  readonly #images: ImageLane;
  /** The retained topics. */
  readonly states: StateTopics;
  readonly #care: StoreCare;
  #client: BrokerClient | null = null;
  #guest: BrokerGuest | null = null;
  #refused: string | null = null;

  /**
   * Opens the store. Nothing is sent before `start`.
   * @throws ConfigError if the store's file cannot be used
   */
  static async open(options: MessengerOptions): Promise<Messenger> {
    const store = await Store.open(options.store.file, {
      ...options.store,
      now: options.now,
      onFailure: (failure) => {
        messenger.#storeFailed(failure);
      },
      onCommitted: () => {
        messenger.#outbox.notify();
      },
      onSetAside: (path) => {
        messenger.#storeSetAside(path);
      },
    });
    const kept = await KeptTopics.read(join(dirname(options.store.file), "retained.json"), (error) => {
      options.logger.warn({ err: error }, "alarms and jobs are not noted for the next start");
    });
    const messenger = new Messenger(options, store, kept); // the store calls nobody before it is given something to do
    return messenger;
  }

  private constructor(options: MessengerOptions, store: Store, kept: KeptTopics) {
    const { logger, now, root, broker } = options;
    this.#options = options;
    this.#store = store;
    this.#kept = kept;
    this.#topics = stationTopics(root);
    this.#messages = new StationMessages(options, this.#topics);
    this.#broker = broker.kind === "embedded" ? new EmbeddedBroker(broker.host, broker.port) : null;
    const publish = (message: Publication): Promise<void> => this.publish(message);
    const sink = sinkOf(() => this.#client, publish);
    const retained = retainedTopics(sink, kept, options);
    const queue = (): MessengerStats => this.stats;
    this.states = new StateTopics({
      retained,
      kept,
      topics: this.#topics,
      messages: this.#messages,
      store,
      times: (camera) => options.lineTimes?.(camera) ?? null,
      queue,
      now,
    });
    this.replays = stationReplays({
      source: store,
      topics: this.#topics,
      limits: options.replay ?? replaySchema.parse({}),
      onWork: () => {
        this.#outbox.notify();
      },
      onEnd: (end) => {
        this.event("replay.ended", { ...end }, end.camera);
      },
      now,
      random: options.random,
    });
    this.#outbox = new OutboxPublisher({
      source: store,
      sink,
      logger,
      replays: this.replays,
      monotonicNow: () => performance.now(),
      gapMessage: (gap) => {
        logger.warn(gap, "results were lost: the queue was full");
        return this.#messages.gap(gap);
      },
      onSent: (message, payload) => {
        this.states.resultLast(message, payload);
      },
      onRefused: (text) => {
        this.#setRefused(text);
      },
    });
    this.#commands = this.#newCommands();
    this.#care = new StoreCare({ store, limits: options.store, event: this.event.bind(this), logger });
    const connected = (): boolean => this.connected;
    this.#images = new ImageLane({ root, images: options.images, connected, publish, logger });
  }

  #newCommands(): Commands {
    const { root, cameras, handlers, responsePrefixes = [], logger, now } = this.#options;
    const audit = new Audit(logger, this.event.bind(this));
    return new Commands({
      root,
      topics: this.#topics,
      cameras,
      handlers,
      responsePrefixes: [`${root}/rsp/`, ...responsePrefixes],
      publish: this.publish.bind(this),
      audit: audit.note.bind(audit),
      logger,
      now,
    });
  }

  /** Somebody who uses the main connection too. */
  host(guest: BrokerGuest): void {
    this.#guest = guest;
  }

  /** Past the outbox. @throws DeliveryError without a connection */
  publish(message: Publication): Promise<void> {
    if (this.#client === null) return Promise.reject(new Error("not started"));
    return this.#client.publish(message);
  }

  /** For guests. @throws DeliveryError without a connection */
  async subscribe(filter: string): Promise<void> {
    await this.#client?.subscribe(filter);
  }

  /** Inspections, sequence numbers and counters. */
  get store(): Store {
    return this.#store;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Where the broker is; the embedded one has its port only after `start`. */
  get address(): BrokerAddress {
    const { broker } = this.#options;
    if (broker.kind === "external") return broker;
    return { url: this.#broker?.url ?? "", protocolVersion: 4, keepaliveS: 10 }; // aedes knows no MQTT 5
  }

  get stats(): MessengerStats {
    return {
      connected: this.connected,
      queued: this.#store.outboxDepth,
      storePending: this.#store.pending,
      published: this.#outbox.published,
      drainPerS: this.#outbox.ratePerS,
      imagesPublished: this.#images.published,
      imagesDropped: this.#images.dropped,
    };
  }

  /** Starts the embedded broker if that is configured, then connects for ever. @throws if that port is taken */
  async start(): Promise<void> {
    await this.#broker?.start();
    const { station, credentialsDirectory, logger, now } = this.#options;
    const client = new BrokerClient({
      broker: this.address,
      identity: { clientId: `assayd-${station}`, will: this.#messages.will(), credentialsDirectory },
      logger,
      now,
      onConnect: () => void this.#born(client),
      onDisconnect: () => {
        this.#outbox.disconnected();
        this.#guest?.disconnected();
      },
      onMessage: (packet) => {
        void this.#commands.receive(packet);
        this.#guest?.received(packet);
      },
      onFault: (fault) => {
        this.#options.onFault("mqtt", fault);
      },
    });
    this.#client = client;
    this.states.takeOver();
    client.start();
    if (this.#store.setAside !== null) this.#storeSetAside(this.#store.setAside);
    this.#care.start();
  }

  /** Writes everything to the disk, says `stopped`, ends the connection and the embedded broker. Within 3 s. */
  async stop(): Promise<void> {
    this.#care.stop();
    this.states.stop();
    const client = this.#client;
    if (client?.connected === true) {
      await this.#store.flush(STOP_TIMEOUT_MS).catch(() => undefined); // `close` below says it again
      await drained(this.#store, () => this.connected);
      this.states.flush();
      await Promise.race([
        client.publish(this.#messages.state("stopped")).catch(() => undefined),
        new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref()),
      ]);
    }
    this.#outbox.disconnected();
    await client?.stop();
    await this.#kept.settled();
    try {
      await this.#store.close(STOP_TIMEOUT_MS);
    } catch (error) {
      this.#options.logger.error({ err: error }, "results were not written to the disk");
    }
    await this.#broker?.stop();
  }

  /** One part's result: recorded and queued in one transaction; pictures if they are wanted. */
  deliver(inspection: Inspection, context: ResultContext, picture: InspectionPicture | null): void {
    const images = picture === null ? [] : this.#images.offer(inspection, picture);
    const named = Object.fromEntries(images.map(({ kind, topic, meta }) => [kind, { topic, meta }]));
    const result = resultPayload(inspection, images.length === 0 ? context : { ...context, images: named });
    const topics = this.#topics.camera(inspection.camera);
    this.#store.append([
      {
        inspection,
        context,
        recipe: context.recipe.id ?? "",
        topic: topics.result,
        payload: JSON.stringify(result),
        qos: 1,
        expiryS: LIVE_EXPIRY_S,
      },
    ]);
    this.states.counters(inspection.camera);
  }

  /** Records and publishes what happened (who changed what). */
  event(kind: string, data: Readonly<Record<string, unknown>>, camera: string | null = null): void {
    const payload = this.#messages.event(kind, data, camera);
    this.#store.append([
      { inspection: null, recipe: "", topic: this.#topics.event, payload, qos: 1, expiryS: null },
    ]);
  }

  /** Call it every second. */
  heartbeat(ready: boolean, fault: boolean): void {
    const message = this.#messages.heartbeat(ready, fault);
    if (this.connected) this.publish(message).catch(() => undefined); // QoS 0: the next one comes in a second
  }

  /** Begins the camera's totals anew. */
  resetCounters(camera: string): void {
    this.#store.resetCounters(camera);
    this.states.counters(camera);
  }

  /** Publishes a picture now (command `snapshot`). @throws DeliveryError without a connection */
  snapshot(frame: Frame): Promise<{ readonly topic: string; readonly bytes: number }> {
    return this.#images.snapshot(frame);
  }

  /** Sends all retained topics again (command `republish`). */
  republish(): void {
    if (this.connected) this.publish(this.#messages.state("online")).catch(() => undefined);
    this.states.republish();
    this.#images.republish();
  }

  async #born(client: BrokerClient): Promise<void> {
    try {
      const born = client.publish(this.#messages.state("online"));
      const subscribed = client.subscribe(this.#topics.commands);
      for (const camera of this.#options.cameras) this.states.counters(camera);
      this.states.republish();
      this.#images.republish();
      this.#outbox.connected();
      await Promise.all([born, subscribed]);
      this.#guest?.connected();
    } catch (error) {
      if (client.connected) this.#setRefused(messageOf(error));
    }
  }

  #storeFailed(failure: StoreFailure | null): void {
    if (failure !== null) this.#options.logger.error({ code: failure.code }, failure.message);
    else this.#options.logger.info("store writes again");
    this.#options.onFault("store", failure === null ? null : { code: failure.code, text: failure.message });
  }

  #storeSetAside(path: string): void {
    const text = `The store was damaged. It is kept as ${path} for repair (sqlite3 .recover); an empty one was begun.`;
    this.#options.logger.error({ path }, text);
    this.event("store.set-aside", { path, text });
  }

  #setRefused(text: string | null): void {
    if (text === this.#refused) return;
    this.#refused = text;
    if (text !== null) this.#options.logger.warn(text);
    this.#options.onFault("mqtt", text === null ? null : { code: "mqtt-denied", text });
  }
}

function retainedTopics(sink: RetainedSink, kept: KeptTopics, { now, logger }: MessengerOptions) {
  const refused = (topic: string, error: unknown): void => {
    logger.warn({ topic, err: error }, "retained topic not taken by the broker");
  };
  return new RetainedTopics(sink, now, refused, kept.delete.bind(kept));
}

/** Resolves when the broker has everything, or after the time: the rest is sent at the next start. */
async function drained(store: Store, connected: () => boolean): Promise<void> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (store.outboxDepth > 0 && connected() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
  }
}
