import type { Publication } from "./client.ts";

/** Where state topics are published to. */
export interface RetainedSink {
  readonly connected: boolean;
  publish(message: Publication): Promise<void>;
}

/** State is for people and late joiners: ten times a second is plenty, however fast the line is. */
const MIN_INTERVAL_MS = 100;

interface Topic {
  message: Publication;
  /** When it was set, epoch ms. */
  at: number;
  /** Newer than what the broker has. */
  dirty: boolean;
  sending: boolean;
  /** When it was last sent, epoch ms. */
  sentAt: number;
}

/**
 * The newest message of each retained topic. It is sent when it changes and again on every connect (a broker may have
 * lost it), at most every 100 ms; until then newer ones of the same topic replace each other. Expired ones are not sent again.
 */
export class RetainedTopics {
  readonly #topics = new Map<string, Topic>();
  /** Ends the waiting of topics that were sent a moment ago. */
  readonly #waiting = new Set<() => void>();
  readonly #sink: RetainedSink;
  readonly #now: () => number;
  readonly #onFailure: (topic: string, error: unknown) => void;
  readonly #onCleared: (topic: string) => void;

  /**
   * @param onFailure the broker refused it; it is sent again with the next change or connect
   * @param onCleared the broker holds nothing on this topic any more
   */
  constructor(
    sink: RetainedSink,
    now: () => number,
    onFailure: (topic: string, error: unknown) => void,
    onCleared: (topic: string) => void = () => undefined,
  ) {
    this.#sink = sink;
    this.#now = now;
    this.#onFailure = onFailure;
    this.#onCleared = onCleared;
  }

  /** Sets a topic's newest value. */
  set(topic: string, payload: string | Buffer, expiryS: number | null = null): void {
    const message: Publication = { topic, payload, qos: 1, retain: true, expiryS };
    const known = this.#topics.get(topic) ?? { message, at: 0, dirty: true, sending: false, sentAt: 0 };
    Object.assign(known, { message, at: this.#now(), dirty: true });
    this.#topics.set(topic, known);
    void this.#send(known);
  }

  /** Empties a topic: late subscribers get nothing. */
  clear(topic: string): void {
    this.set(topic, "");
  }

  /** Sends all of them (again). */
  republish(): void {
    for (const topic of this.#topics.values()) {
      topic.dirty = true;
      void this.#send(topic);
    }
  }

  /** Sends now what still waits for its interval. */
  flush(): void {
    for (const end of this.#waiting) end();
  }

  async #send(topic: Topic): Promise<void> {
    if (topic.sending) return;
    topic.sending = true;
    const connected = (): boolean => this.#sink.connected;
    while (topic.dirty && connected()) {
      await this.#pause(topic.sentAt + MIN_INTERVAL_MS - this.#now());
      topic.dirty = false;
      topic.sentAt = this.#now();
      const { message, at } = topic;
      const left = message.expiryS == null ? null : message.expiryS - (this.#now() - at) / 1000;
      if (left !== null && left <= 0) continue;
      try {
        await this.#sink.publish({ ...message, expiryS: left });
        if (message.payload !== "" || topic.message !== message) continue;
        this.#topics.delete(message.topic);
        this.#onCleared(message.topic);
      } catch (error) {
        if (connected()) this.#onFailure(message.topic, error); // one that was set meanwhile is still tried
      }
    }
    topic.sending = false;
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, MIN_INTERVAL_MS));
      this.#waiting.add(end);
    });
  }
}
