import type { Logger } from "pino";
import type { HomeAssistantConfig } from "../../config/home-assistant-schema.ts";
import type { StationListener, StationView } from "../../domain/station-view.ts";
import type { Publication } from "../client.ts";
import { Timers } from "../timers.ts";
import type { StationTopics } from "../topics.ts";
import { AnnouncedFile } from "./announced-file.ts";
import { discoveryMessages, removal, type DiscoveryOptions } from "./discovery.ts";

const CHANGES_MS = 1000; // a recipe that comes or goes is no hurry

export interface HomeAssistantOptions {
  readonly config: HomeAssistantConfig;
  readonly hardware: DiscoveryOptions["hardware"];
  readonly lastNgType: DiscoveryOptions["lastNgType"];
  readonly topics: StationTopics;
  /** Remembers what was announced, so that it can be taken away by a later run. */
  readonly announcedFile: string;
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
  readonly #file: AnnouncedFile;
  readonly #timers = new Timers();
  /** What was announced on this connection, by topic. */
  readonly #announced = new Map<string, string>();
  #tidying: Promise<void> = Promise.resolve();
  #connected = false;
  #watching = false;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
    this.#file = new AnnouncedFile(options.announcedFile);
  }

  /** The main connection was made: call it each time, after the station's state was published. */
  connected(): void {
    this.#connected = true;
    if (this.#options.config.enabled) {
      this.#announceAll();
      this.#options.subscribe(this.#statusTopic).catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, "Home Assistant's start cannot be noticed");
      });
    }
    this.#tidying = this.#tidying.then(() => this.#tidy());
  }

  disconnected(): void {
    this.#connected = false;
  }

  /** Any message of the main connection; those of others are left alone. */
  received({ topic, payload }: { readonly topic: string; readonly payload: string | Uint8Array }): void {
    if (!this.#options.config.enabled || topic !== this.#statusTopic) return;
    // https://www.home-assistant.io/integrations/mqtt/#birth-and-last-will-messages
    if (Buffer.from(payload).toString("utf8") === "online") this.#announceAll();
  }

  /** Recipes and versions are part of what was announced. */
  lineChanged(): void {
    if (this.#watching || !this.#connected || !this.#options.config.enabled) return;
    this.#watching = true;
    this.#timers.after(CHANGES_MS, () => {
      this.#watching = false;
      if (this.#connected) this.#announceChanges();
    });
  }

  /** Resolves when nothing is under way any more; what was announced stays. */
  async stop(): Promise<void> {
    this.#connected = false;
    this.#timers.clear();
    this.#watching = false;
    await this.#tidying;
  }

  get #statusTopic(): string {
    return `${this.#options.config.prefix}/status`;
  }

  #announceAll(): void {
    this.#announced.clear();
    this.#announceChanges();
  }

  /** What has not been announced as it is now. */
  #announceChanges(): void {
    for (const message of this.#messages()) {
      if (this.#announced.get(message.topic) === message.payload) continue;
      this.#announced.set(message.topic, message.payload.toString());
      this.#options.publish(message).catch((error: unknown) => {
        this.#announced.delete(message.topic); // the next connection announces it again
        this.#options.logger.debug({ topic: message.topic, err: error }, "discovery not sent");
      });
    }
  }

  #messages(): readonly Publication[] {
    const { config, topics, view, hardware, lastNgType } = this.#options;
    return discoveryMessages(view(), topics, { prefix: config.prefix, hardware, lastNgType });
  }

  /** Takes away what an earlier run announced and is no longer there; what cannot be is tried on the next connection. */
  async #tidy(): Promise<void> {
    try {
      const wanted = this.#options.config.enabled ? this.#messages().map(({ topic }) => topic) : [];
      const remembered = await this.#file.read();
      const gone = remembered.filter((topic) => !wanted.includes(topic));
      if (gone.length === 0 && wanted.length === remembered.length) return;
      if (wanted.length > 0) await this.#file.write([...new Set([...wanted, ...remembered])]); // before it can be forgotten
      for (const topic of gone) await this.#options.publish(removal(topic));
      await this.#file.write(wanted);
    } catch (error) {
      this.#options.logger.debug({ err: error }, "old discovery not taken away");
    }
  }
}
