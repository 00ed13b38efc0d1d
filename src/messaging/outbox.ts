import type { Logger } from "pino";
import { DeliveryError, messageOf } from "../domain/errors.ts";
import type { Gap, OutboxMessage } from "../store/protocol.ts";
import type { Publication } from "./client.ts";
import { FreshIds } from "./fresh-ids.ts";
import { markHistorical } from "./historical.ts";
import type { Replays } from "./replays.ts";

const LIVE_FOR_MS = 60_000; // interfaces.md §3.1: results are live for 60 s
const BATCH = 500;
const REFUSED_PAUSE_MS = 5000;
const RATE_MESSAGES = 100; // fewer in a row say nothing about how fast the broker takes them

/** Where messages come from: the store. */
export interface OutboxSource {
  /** Id of the newest message, on the disk or not. */
  readonly lastId: number;
  readOutbox(afterId: number, limit: number): Promise<readonly OutboxMessage[]>;
  acknowledge(ids: readonly number[]): void;
  readGaps(): Promise<readonly Gap[]>;
  gapReported(gap: Gap): void;
}

/** Where they go: the broker connection. */
export interface OutboxSink {
  readonly window: number;
  publish(message: Publication): Promise<void>;
}

export interface OutboxOptions {
  readonly source: OutboxSource;
  readonly sink: OutboxSink;
  readonly logger: Logger;
  /** Stored results that were asked for again: sent whenever nothing else waits. */
  readonly replays: Pick<Replays, "idle" | "step">;
  /** Ms of a clock that never steps. */
  readonly monotonicNow: () => number;
  /** The message that tells the plant of a gap. */
  readonly gapMessage: (gap: Gap) => Publication;
  /** After a message was handed to the broker for the first time, in order. */
  readonly onSent: (message: OutboxMessage, payload: string) => void;
  /** The broker refuses our messages (access list), or takes them again (null). */
  readonly onRefused: (text: string | null) => void;
}

/**
 * Publishes the store's outbox: only while connected, in order, at most `sink.window` messages on their way, each deleted
 * when the broker acknowledges it. What was on its way when the connection broke is sent again (same inspection id).
 */
export class OutboxPublisher {
  readonly #options: OutboxOptions;
  #run: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #woken = false;
  readonly #fresh = new FreshIds(LIVE_FOR_MS);
  #replayAt = 0;
  #published = 0;
  #rate = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Messages acknowledged by the broker since the start. */
  get published(): number {
    return this.#published;
  }

  /** Messages per second of the last batch of 100 or more; 0 before the first. */
  get ratePerS(): number {
    return this.#rate;
  }

  /** A connection is there: begin with the oldest message that is not acknowledged. */
  connected(): void {
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    this.#fresh.connected(this.#options.source.lastId);
    this.#running = this.#running.then(() => this.#drain(run.signal));
  }

  disconnected(): void {
    this.#run?.abort();
    this.#run = null;
    this.notify();
  }

  /** There may be something new to publish. */
  notify(): void {
    this.#woken = true;
    this.#fresh.note(this.#options.source.lastId, this.#options.monotonicNow());
    this.#wake?.();
  }

  async #drain(signal: AbortSignal): Promise<void> {
    let lastId = 0;
    const ended = (): boolean => signal.aborted;
    while (!ended()) {
      this.#woken = false;
      try {
        await this.#reportGaps(signal);
        const batch = await this.#options.source.readOutbox(lastId, BATCH);
        if (batch.length > 0) lastId = await this.#send(batch, signal);
        else await this.#replayOrWait(signal);
      } catch (error) {
        if (ended()) return;
        this.#notSent(error);
        lastId = 0; // what was refused is tried again, in order
        await pause(REFUSED_PAUSE_MS, signal);
      }
    }
  }

  async #send(batch: readonly OutboxMessage[], signal: AbortSignal): Promise<number> {
    const inFlight = new Set<Promise<void>>();
    const failures: unknown[] = [];
    const startedAt = performance.now();
    for (const message of batch) {
      if (signal.aborted || failures.length > 0) break;
      const sent = this.#publish(message)
        .catch((error: unknown) => failures.push(error))
        .then(() => void inFlight.delete(sent));
      inFlight.add(sent);
      if (inFlight.size >= this.#options.sink.window) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
    if (failures.length > 0) throw failures[0];
    this.#options.onRefused(null);
    if (batch.length >= RATE_MESSAGES) this.#rate = (batch.length * 1000) / (performance.now() - startedAt);
    return batch.at(-1)?.id ?? 0;
  }

  async #publish(message: OutboxMessage): Promise<void> {
    const { source, monotonicNow } = this.#options;
    const historical = !this.#fresh.isFresh(message.id, monotonicNow());
    const payload = historical ? markHistorical(message.payload) : message.payload;
    const expiryS = historical ? null : message.expiryS;
    const { topic, qos } = message;
    const acknowledged = this.#hand({ topic, payload, qos, retain: false, expiryS });
    this.#options.onSent(message, payload);
    await acknowledged;
    source.acknowledge([message.id]);
  }

  /** Resolves when the broker has the message, or it is one that no broker takes. */
  async #hand(message: Publication): Promise<void> {
    try {
      await this.#options.sink.publish(message);
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.code !== "mqtt-too-large") throw error;
      this.#options.logger.error({ topic: message.topic }, `not sent: ${error.message}`); // or it would block all others
    }
    this.#published += 1;
  }

  /** Nothing waits: the next few results of a replay if it is their time, else until there is something new. */
  async #replayOrWait(signal: AbortSignal): Promise<void> {
    const { replays, monotonicNow } = this.#options;
    if (replays.idle) {
      await this.#somethingNew(signal, null);
      return;
    }
    const waitMs = this.#replayAt - monotonicNow();
    if (waitMs > 0) await this.#somethingNew(signal, waitMs);
    else this.#replayAt = monotonicNow() + (await replays.step((message) => this.#hand(message)));
  }

  #notSent(error: unknown): void {
    if (error instanceof DeliveryError && error.code === "mqtt-publish")
      this.#options.onRefused(error.message);
    else this.#options.logger.warn(`outbox not read: ${messageOf(error)}`); // the store tells of its own faults
  }

  async #reportGaps(signal: AbortSignal): Promise<void> {
    const { source, sink, gapMessage } = this.#options;
    for (const gap of await source.readGaps()) {
      if (signal.aborted) return;
      await sink.publish(gapMessage(gap));
      source.gapReported(gap);
    }
  }

  /** @param atMostMs null: as long as it takes */
  async #somethingNew(signal: AbortSignal, atMostMs: number | null): Promise<void> {
    if (this.#woken || signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (atMostMs !== null) timer = setTimeout(resolve, atMostMs);
    });
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
