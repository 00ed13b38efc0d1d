import type { Logger } from "pino";
import type { HomeAssistantConfig } from "../../config/home-assistant-schema.ts";
import type { StationListener, StationView } from "../../domain/station-view.ts";
import type { Publication } from "../client.ts";
import { Timers } from "../timers.ts";
import type { StationTopics } from "../topics.ts";
import { discoveryMessages, discoveryTopic, isOurs, removal, type DiscoveryOptions } from "./discovery.ts";

const CHANGES_MS = 1000; // a recipe that comes or goes is no hurry
const KEPT_MESSAGE_BYTES = 262_144; // of a foreign device's announcement that we look into

export interface HomeAssistantOptions {
  readonly config: HomeAssistantConfig;
  readonly hardware: DiscoveryOptions["hardware"];
  readonly lastNgType: DiscoveryOptions["lastNgType"];
  readonly topics: StationTopics;
  readonly view: () => StationView;
  readonly publish: (message: Publication) => Promise<void>;
  readonly subscribe: (filter: string) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Announces each camera to Home Assistant on the main connection, and takes away what is no longer there: cameras that were
 * removed, or all of them when discovery is switched off. Nothing here throws or is waited for.
 */
export class HomeAssistant implements StationListener {
  readonly #options: HomeAssistantOptions;
  readonly #timers = new Timers();
  /** What was announced, by topic. */
  readonly #announced = new Map<string, string>();
  #connected = false;
  #removed = false;
  #watching = false;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
  }

  /** The main connection was made: call it each time, after the station's state was published. */
  connected(): void {
    this.#connected = true;
    const { config } = this.#options;
    if (!config.enabled) {
      this.#removeAll();
      return;
    }
    this.#announced.clear();
    this.#announce();
    for (const filter of [this.#statusTopic, `${config.prefix}/device/+/config`]) {
      this.#options.subscribe(filter).catch((error: unknown) => {
        this.#options.logger.warn({ filter, err: error }, "Home Assistant cannot be followed");
      });
    }
  }

  disconnected(): void {
    this.#connected = false;
  }

  /** Any message of the main connection; those of others are left alone. */
  received({ topic, payload }: { readonly topic: string; readonly payload: string | Uint8Array }): void {
    const { config, topics } = this.#options;
    if (!config.enabled) return;
    if (topic === this.#statusTopic) {
      // https://www.home-assistant.io/integrations/mqtt/#birth-and-last-will-messages
      if (Buffer.from(payload).toString("utf8") === "online") this.#announceAll();
      return;
    }
    if (!topic.startsWith(`${config.prefix}/device/`) || this.#known().has(topic)) return;
    if (payload.length === 0 || payload.length > KEPT_MESSAGE_BYTES) return;
    if (isOurs(Buffer.from(payload).toString("utf8"), topics)) this.#publish(removal(topic));
  }

  /** Recipes and versions are part of what was announced. */
  lineChanged(): void {
    if (this.#watching || !this.#connected || !this.#options.config.enabled) return;
    this.#watching = true;
    this.#timers.after(CHANGES_MS, () => {
      this.#watching = false;
      if (this.#connected) this.#announce();
    });
  }

  stop(): void {
    this.#connected = false;
    this.#timers.clear();
    this.#watching = false;
  }

  get #statusTopic(): string {
    return `${this.#options.config.prefix}/status`;
  }

  #announceAll(): void {
    this.#announced.clear();
    this.#announce();
  }

  /** What has not been announced as it is now; devices that are gone are taken away. */
  #announce(): void {
    const { config, topics, view, hardware, lastNgType } = this.#options;
    const messages = discoveryMessages(view(), topics, { prefix: config.prefix, hardware, lastNgType });
    for (const message of messages) {
      if (this.#announced.get(message.topic) === message.payload) continue;
      this.#announced.set(message.topic, message.payload.toString());
      this.#publish(message);
    }
    const known = new Set(messages.map(({ topic }) => topic));
    for (const topic of this.#announced.keys()) {
      if (known.has(topic)) continue;
      this.#announced.delete(topic);
      this.#publish(removal(topic));
    }
  }

  /** Once a run: whoever switched discovery off wants the devices gone. */
  #removeAll(): void {
    if (this.#removed) return;
    this.#removed = true;
    for (const topic of this.#known()) this.#publish(removal(topic));
  }

  #known(): ReadonlySet<string> {
    const { config, view } = this.#options;
    const { name, lines } = view();
    return new Set(lines.map((line) => discoveryTopic(config.prefix, name, line.name)));
  }

  #publish(message: Publication): void {
    this.#options.publish(message).catch((error: unknown) => {
      this.#announced.delete(message.topic); // the next connection announces it again
      this.#options.logger.debug({ topic: message.topic, err: error }, "Home Assistant discovery not sent");
    });
  }
}
