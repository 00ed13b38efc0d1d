import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { cameraSchema } from "../../src/config/schema.ts";
import type { BrokerConfig } from "../../src/config/schema.ts";
import type { Messenger } from "../../src/messaging/messenger.ts";
import type { MessengerOptions } from "../../src/messaging/messenger-options.ts";
import { countersSchema, resultSchema } from "../../src/messaging/schemas/camera.ts";
import { eventSchema, stateSchema } from "../../src/messaging/schemas/station.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, SESSION, Subscriber, until } from "./plant.ts";

const EMBEDDED: BrokerConfig = { kind: "embedded", host: "127.0.0.1", port: 0 };

function external(url: string, changes: object = {}): BrokerConfig {
  return { kind: "external", url, protocolVersion: 5, keepaliveS: 10, ...changes };
}

async function started(
  broker: BrokerConfig,
  changes: Parameters<typeof openMessenger>[1] = {},
): Promise<Messenger> {
  const messenger = await openMessenger(broker, changes);
  onTestFinished(() => messenger.stop());
  await messenger.start();
  return messenger;
}

async function subscriber(url: string, ...rest: [string?, object?]): Promise<Subscriber> {
  const plant = await Subscriber.to(url, ...rest);
  onTestFinished(() => plant.end());
  return plant;
}

async function mosquitto(...settings: Parameters<typeof Mosquitto.start>): Promise<Mosquitto> {
  const broker = await Mosquitto.start(...settings);
  onTestFinished(() => broker.stop());
  return broker;
}

const UNLIMITED = (): string[] => ["allow_anonymous true", "max_queued_messages 0"];

describe("Messenger with the embedded broker", () => {
  it("publishes every part in order, live, and a late subscriber gets the retained topics", async () => {
    const messenger = await started(EMBEDDED);
    const plant = await subscriber(messenger.address.url);
    await until("birth", () => plant.on("state").length > 0);
    for (let seq = 1; seq <= 50; seq += 1) messenger.deliver(inspectionOf(seq), CONTEXT, null);
    await until("50 results", () => plant.on("cam/cam1/result").length === 50);
    const results = plant.json("cam/cam1/result").map((result) => resultSchema.parse(result));
    expect(results.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(results.every(({ historical }) => !historical)).toBe(true);

    await until("acknowledged", () => messenger.stats.queued === 0);
    await until("counters", () => plant.json("cam/cam1/counters").at(-1)?.triggers === 50);
    const late = await subscriber(messenger.address.url);
    await until(
      "retained",
      () => late.on("cam/cam1/result/last").length > 0 && late.on("cam/cam1/counters").length > 0,
    );
    expect(stateSchema.parse(late.json("state")[0])).toMatchObject({ state: "online", session: SESSION });
    expect(late.json("cam/cam1/result/last")[0]).toMatchObject({ seq: 50 });
    expect(countersSchema.parse(late.json("cam/cam1/counters")[0])).toMatchObject({ triggers: 50, ok: 50 });
    expect(late.on("cam/cam1/result")).toEqual([]);
  }, 15_000);

  it("says stopped at a wanted end, and keeps what was not sent", async () => {
    const messenger = await openMessenger(EMBEDDED);
    await messenger.start();
    const plant = await subscriber(messenger.address.url);
    await until("connected", () => messenger.connected);
    messenger.deliver(inspectionOf(1), CONTEXT, null);
    await messenger.stop();
    expect(plant.json("cam/cam1/result")).toHaveLength(1);
    expect(plant.json("state").at(-1)).toMatchObject({ state: "stopped" });
  }, 15_000);

  it("answers a command with its transaction, and an unknown one with the names that are known", async () => {
    const messenger = await started(EMBEDDED, { cameras: [cameraSchema.parse({}).name] });
    const plant = await subscriber(messenger.address.url);
    await until("birth", () => plant.on("state").length > 0);
    await plant.client.publishAsync(
      "assay/v1/st1/cmd/trigger",
      JSON.stringify({ part_id: "p7", transaction: 42 }),
      { qos: 1 },
    );
    await plant.client.publishAsync("assay/v1/st1/cmd/explode", "{}", { qos: 1 });
    await until(
      "answers",
      () => plant.on("rsp/trigger").length === 1 && plant.on("rsp/explode").length === 1,
    );
    expect(plant.json("rsp/trigger")[0]).toMatchObject({
      status: "ok",
      transaction: 42,
      data: { params: { part_id: "p7" }, context: { camera: "cam1" } },
    });
    expect(plant.on("rsp/explode")[0]?.text).toContain("unknown-command");
    expect(plant.on("rsp/explode")[0]?.text).toContain("threshold.set");
    await until("audit", () => plant.on("event").length >= 1); // a trigger has its result as record
    expect(eventSchema.parse(plant.json("event")[0]).kind).toBe("command.refused");
  }, 15_000);
});

describe.skipIf(!hasMosquitto)("Messenger with mosquitto", () => {
  it("delivers all that came after the kill, in order and under the same ids, when the broker is killed in the middle of 2,000 parts; the history has every part", async () => {
    const broker = await mosquitto(UNLIMITED);
    const messenger = await started(external(broker.url));
    const plant = await subscriber(broker.url, "assay/v1/st1/#", { clean: false, clientId: "plant" });
    await until("connected", () => messenger.connected);
    for (let seq = 1; seq <= 2000; seq += 1) {
      messenger.deliver(inspectionOf(seq), CONTEXT, null);
      if (seq === 700) await broker.kill();
      if (seq % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until("noticed", () => !messenger.connected);
    await broker.restart();
    await until("drained", () => messenger.stats.queued === 0 && messenger.connected, 20_000);
    const wanted = await messenger.store.history("cam1", 1, 2000, 3000);
    expect(wanted).toHaveLength(2000);
    const received = plant.json("cam/cam1/result").map((result) => resultSchema.parse(result));
    const bySeq = new Map(received.map((result) => [result.seq, result.inspection_id]));
    // PUBACK is not delivery: what a broker without persistence had taken dies with it; the history has it
    const missing = wanted.filter(({ seq }) => !bySeq.has(seq));
    expect(missing.map(({ seq }) => seq).filter((seq) => seq > 700)).toEqual([]);
    for (const { seq, inspection_id } of received) expect(wanted[seq - 1]?.inspectionId).toBe(inspection_id);
    const firstSeen = [...bySeq.keys()];
    expect(firstSeen).toEqual(firstSeen.toSorted((a, b) => a - b));
    expect(received.at(-1)).toMatchObject({ seq: 2000, historical: true });
    expect(received[0]).toMatchObject({ seq: 1, historical: false });
  }, 40_000);

  it("delivers the newest and one gap event when the queue was too small", async () => {
    const broker = await mosquitto(UNLIMITED);
    await broker.kill();
    const messenger = await openMessenger(external(broker.url), smallStore(500));
    onTestFinished(() => messenger.stop());
    for (let seq = 1; seq <= 2000; seq += 1) messenger.deliver(inspectionOf(seq), CONTEXT, null);
    await messenger.store.flush(10_000);
    expect(messenger.stats.queued).toBe(500);
    await broker.restart();
    const plant = await subscriber(broker.url);
    await messenger.start();
    await until("drained", () => messenger.stats.queued === 0);
    await until("all", () => plant.on("cam/cam1/result").length === 500);
    expect(plant.json("cam/cam1/result")[0]).toMatchObject({ seq: 1501, historical: true });
    const gaps = plant.json("event").filter((event) => event.kind === "gap");
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.data).toMatchObject({
      camera: "cam1",
      from: 1,
      to: 1500,
      count: 1500,
      reason: "outbox-full",
    });
    expect(await messenger.store.readGaps()).toEqual([]);
  }, 30_000);

  it("drains 5,000 records that were queued before it started, and tells how fast", async () => {
    const broker = await mosquitto(UNLIMITED);
    const messenger = await openMessenger(external(broker.url));
    onTestFinished(() => messenger.stop());
    for (let seq = 1; seq <= 5000; seq += 1) messenger.deliver(inspectionOf(seq), CONTEXT, null);
    await messenger.store.flush(10_000);
    await messenger.start();
    await until("drained", () => messenger.stats.queued === 0, 20_000);
    expect(messenger.stats.published).toBe(5000);
    expect(messenger.stats.drainPerS).toBeGreaterThan(0);
  }, 30_000);

  it("answers on the MQTT 5 response topic, and refuses retained commands", async () => {
    const broker = await mosquitto();
    const messenger = await started(external(broker.url));
    const plant = await subscriber(broker.url, "assay/v1/st1/#", { protocolVersion: 5 });
    await until("birth", () => plant.on("state").length > 0);
    const properties = { responseTopic: "assay/v1/st1/rsp/mine", correlationData: Buffer.from("c1") };
    await plant.client.publishAsync("assay/v1/st1/cmd/threshold.set", '{"reject":0.4,"warn":0.5}', {
      qos: 1,
      properties,
    });
    await until(
      "answer",
      () => plant.on("rsp/mine").length === 1 && plant.on("rsp/threshold.set").length === 1,
    );
    expect(plant.on("rsp/mine")[0]?.packet.properties?.correlationData?.toString()).toBe("c1");
    expect(plant.on("rsp/mine")[0]?.text).toMatch(/bad-parameters.*warn is 0.5: must not be above reject/);

    await plant.client.publishAsync("assay/v1/st1/cmd/stop", "{}", { qos: 1, retain: true });
    const refused = () => plant.on("event").filter(({ text }) => text.includes('"retained"')).length;
    await until("refused when it is published", () => refused() === 1);
    await messenger.stop();
    await started(external(broker.url));
    await until("refused when it is found at the next start", () => refused() === 2);
    expect(plant.on("rsp/stop")).toHaveLength(0);
  }, 20_000);
});

function smallStore(maxMessages: number): Pick<MessengerOptions, "store"> {
  const folder = mkdtempSync(join(tmpdir(), "assayd-small-"));
  return { store: { file: join(folder, "assayd.db"), maxMessages, historyDays: 30 } };
}
