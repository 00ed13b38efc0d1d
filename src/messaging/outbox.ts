import type { Logger } from "pino";
import { DeliveryError, messageOf } from "../domain/errors.ts";
import type { Gap, OutboxMessage } from "../store/protocol.ts";
import type { Publication } from "./client.ts";

const LIVE_FOR_MS = 60_000; // interfaces.md §3.1: results are live for 60 s
const BATCH = 500;
const REFUSED_PAUSE_MS = 5000;
const RATE_MESSAGES = 100; // fewer in a row say nothing about how fast the broker takes them

/** Where messages come from: the store. */
export interface OutboxSource {
  readOutbox(afterId: number, limit: number): Promise<readonly OutboxMessage[]>;
  acknowledge(ids: readonly number[]): void;
  readGaps(): Promise<readonly Gap[]>;
  gapReported(gap: Gap): void;
}

/** Where they go: the broker connection. */
export interface OutboxSink {
  readonly connectedAt: number | null;
  readonly window: number;
  publish(message: Publication): Promise<void>;
}

export interface OutboxOptions {
  readonly source: OutboxSource;
  readonly sink: OutboxSink;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
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
        if (batch.length === 0) await this.#somethingNew(signal);
        else lastId = await this.#send(batch, signal);
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
    const { sink, source, now } = this.#options;
    const historical = isHistorical(message, sink.connectedAt, now());
    const payload = historical ? markHistorical(message.payload) : message.payload;
    const expiryS = historical ? null : message.expiryS;
    const acknowledged = sink.publish({
      topic: message.topic,
      payload,
      qos: message.qos,
      retain: false,
      expiryS,
    });
    this.#options.onSent(message, payload);
    try {
      await acknowledged;
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.code !== "mqtt-too-large") throw error;
      this.#options.logger.error({ id: message.id, topic: message.topic }, `not sent: ${error.message}`); // or it would block all others
    }
    source.acknowledge([message.id]);
    this.#published += 1;
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

  #somethingNew(signal: AbortSignal): Promise<void> {
    if (this.#woken || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Queued before this connection, or no longer fresh. @param connectedAt epoch ms */
function isHistorical(message: { readonly at: number }, connectedAt: number | null, nowMs: number): boolean {
  return connectedAt === null || message.at < connectedAt || nowMs - message.at > LIVE_FOR_MS;
}

/** The same JSON object with `historical: true`. */
function markHistorical(payload: string): string {
  return JSON.stringify({ ...(JSON.parse(payload) as object), historical: true });
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
