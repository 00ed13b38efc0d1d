import { mkdtempSync } from "node:fs";
import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { pino } from "pino";
import { imagesSchema, type BrokerConfig } from "../../src/config/schema.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import { uuid7 } from "../../src/domain/uuid7.ts";
import type { CommandHandlers } from "../../src/messaging/commands.ts";
import { Messenger } from "../../src/messaging/messenger.ts";
import { COMMAND_NAMES } from "../../src/messaging/schemas/command.ts";
import type { MessengerOptions } from "../../src/messaging/messenger-options.ts";

/** What tests of messaging need: parts, a subscriber that keeps what it gets, and a messenger with plain settings. */

export const ROOT = "assay/v1/st1";
export const SESSION = "3f1a9a0e-6c1c-4b59-9d1e-0f6f8a2b7c11";

export function inspectionOf(seq: number, changes: Partial<Inspection> = {}): Inspection {
  return {
    inspectionId: uuid7(1_760_000_000_000 + seq, randomBytes(10)),
    session: SESSION,
    seq,
    camera: "cam1",
    triggerId: `t${seq}`,
    partId: null,
    tag: null,
    recipe: { id: "default", number: 0, version: null, hash: null },
    verdict: "OK",
    action: "pass",
    reason: "score",
    detail: null,
    score: 0.25,
    threshold: 0.5,
    warnThreshold: null,
    regions: [],
    times: {
      triggeredAt: 1_760_000_000_000.25,
      capturedAt: 1_760_000_000_010.5,
      captureMs: 10.25,
      queueMs: 0.5,
      inferMs: 25,
      totalMs: 40,
      deadlineMs: 300,
    },
    bundleId: "bundle-1",
    frameId: "cam1-1",
    simulated: true,
    truth: null,
    ...changes,
  };
}

export const CONTEXT = {
  recipe: { id: "default", version: null, hash: null },
  model: { id: "bundle-1", version: null, hash: "abc" },
} as const;

/** Handlers that answer with what they were given. */
export function echoHandlers(calls: string[] = []): CommandHandlers {
  const echo = (name: string) => (params: object, context: object) => {
    calls.push(name);
    return Promise.resolve({ status: "ok" as const, data: { name, params, context } });
  };
  return Object.fromEntries(COMMAND_NAMES.map((name) => [name, echo(name)])) as unknown as CommandHandlers;
}

export function openMessenger(
  broker: BrokerConfig,
  changes: Partial<MessengerOptions> = {},
): Promise<Messenger> {
  const folder = mkdtempSync(join(tmpdir(), "assayd-messenger-"));
  return Messenger.open({
    station: `st1-${randomUUID().slice(0, 8)}`,
    root: ROOT,
    session: SESSION,
    software: "0.0.0-test",
    cameras: ["cam1"],
    broker,
    images: imagesSchema.parse({}),
    store: { file: join(folder, "assayd.db"), maxMessages: 200_000, historyDays: 30 },
    handlers: echoHandlers(),
    credentialsDirectory: null,
    logger: pino({ level: "silent" }),
    now: Date.now,
    random: randomBytes,
    onFault: () => undefined,
    ...changes,
  });
}

export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

/** A subscriber that keeps everything it gets, in order. */
export class Subscriber {
  readonly messages: Received[] = [];
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload, packet) => {
      this.messages.push({ topic, text: payload.toString("utf8"), packet });
    });
  }

  static async to(url: string, filter = `${ROOT}/#`, options: IClientOptions = {}): Promise<Subscriber> {
    const client = await connectAsync(url, { reconnectPeriod: 20, connectTimeout: 3000, ...options });
    client.on("error", () => undefined);
    const subscriber = new Subscriber(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return subscriber;
  }

  on(topic: string): Received[] {
    return this.messages.filter((message) => message.topic === `${ROOT}/${topic}`);
  }

  json(topic: string): Record<string, unknown>[] {
    return this.on(topic).map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  }

  async end(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** Waits until a condition holds. @throws Error with `what` after the time */
export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
