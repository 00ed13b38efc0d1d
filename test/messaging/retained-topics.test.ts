import { describe, expect, it, onTestFinished } from "vitest";
import { imagesSchema, type BrokerConfig } from "../../src/config/schema.ts";
import type { Frame } from "../../src/domain/inspection.ts";
import { alarmSchema, countersSchema } from "../../src/messaging/schemas/camera.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { CONTEXT, inspectionOf, openMessenger, Subscriber, until } from "./plant.ts";

const alarm = {
  active: true,
  severity: "error",
  since: "2026-01-01T00:00:00.000Z",
  acked: false,
  text: "no frame",
} as const;
const frame: Frame = {
  id: "cam1-1",
  camera: "cam1",
  counter: 1,
  capturedAt: 1_760_000_000_000,
  clock: "pts",
  width: 32,
  height: 32,
  data: new Uint8Array(32 * 32 * 3),
  simulated: true,
  truth: null,
};

async function mosquitto(): Promise<Mosquitto> {
  const broker = await Mosquitto.start(); // without persistence: what is retained dies with it
  onTestFinished(() => broker.stop());
  return broker;
}

describe.skipIf(!hasMosquitto)("retained topics", () => {
  it("are all there again after a broker lost them, the last rejected picture included", async () => {
    const broker = await mosquitto();
    const config: BrokerConfig = { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 };
    const images = imagesSchema.parse({ lastNg: true, heatmap: false, overlay: false });
    const lineTimes = () => ({ minMs: 20.12345, meanMs: 30, p95Ms: 38, maxMs: 71 });
    const messenger = await openMessenger(config, { images, lineTimes });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);
    messenger.states.info({
      cameras: [],
      recipes: [{ id: "bottle", number: 3, version: null, hash: null }],
      commands: [],
      capabilities: [],
    });
    messenger.states.alarm("cam1", "camera-stalled", alarm);
    messenger.states.alarm(null, "store", alarm);
    messenger.states.alarm("cam1", "gone", alarm);
    messenger.states.alarm("cam1", "gone", null);
    const missed = inspectionOf(1, { verdict: "ERR", reason: "not_ready", action: "reject", score: null });
    messenger.deliver(missed, CONTEXT, null);
    const scale = { low: 0, high: 1 };
    messenger.deliver(inspectionOf(2, { verdict: "NG" }), CONTEXT, { frame, map: null, scale });
    await until("picture", () => messenger.stats.imagesPublished === 1);

    for (const life of ["first", "second"]) {
      if (life === "second") {
        await broker.kill();
        await until("noticed", () => !messenger.connected);
        await broker.restart();
        await until("connected again", () => messenger.connected);
      }
      const plant = await Subscriber.to(broker.url);
      onTestFinished(() => plant.end());
      const topics = [
        "state",
        "info",
        "cam/cam1/counters",
        "cam/cam1/alarm/camera-stalled",
        "alarm/store",
        "cam/cam1/image/last_ng",
        "cam/cam1/image/last_ng/meta",
      ];
      await until(`${life} life: everything retained`, () =>
        topics.every((topic) => plant.on(topic).length > 0),
      );
      expect(plant.json("cam/cam1/alarm/camera-stalled").map((said) => alarmSchema.parse(said))[0]).toEqual(
        alarm,
      );
      expect(plant.on("cam/cam1/alarm/gone").filter(({ text }) => text !== "")).toEqual([]);
      await until("counters", () => plant.json("cam/cam1/counters").at(-1)?.triggers === 2);
      expect(countersSchema.parse(plant.json("cam/cam1/counters").at(-1))).toMatchObject({
        triggers: 2,
        ng: 1,
        err: 1,
        missed: 1,
        times: { min_ms: 20.123, mean_ms: 30, p95_ms: 38, max_ms: 71 },
      });
    }
  }, 30_000);
});

describe.skipIf(!hasMosquitto)("a station on MQTT 3.1.1", () => {
  it("answers by transaction, drops what its own `expires` says, and tells who changed what", async () => {
    const broker = await mosquitto();
    const config: BrokerConfig = { kind: "external", url: broker.url, protocolVersion: 4, keepaliveS: 10 };
    const messenger = await openMessenger(config);
    onTestFinished(() => messenger.stop());
    await messenger.start();
    await until("connected", () => messenger.connected);
    const plant = await Subscriber.to(broker.url, "assay/v1/st1/#", { protocolVersion: 4 });
    onTestFinished(() => plant.end());
    const send = (name: string, payload: object): Promise<unknown> =>
      plant.client.publishAsync(`assay/v1/st1/cmd/${name}`, JSON.stringify(payload), { qos: 1 });
    await send("stop", { expires: "2020-01-01T00:00:00Z", transaction: 1 });
    await send("stop", { transaction: 2, by: "anna" });
    await send("stop", { transaction: 2, by: "anna" }); // a repeated one is done once and answered again
    await until("answers", () => plant.on("rsp/stop").length === 2);
    expect(plant.json("rsp/stop").map(({ transaction }) => transaction)).toEqual([2, 2]);
    await until("audit", () => plant.on("event").length === 2);
    expect(plant.json("event").map(({ kind, data }) => ({ kind, ...(data as object) }))).toMatchObject([
      { kind: "command.refused", code: "expired" },
      { kind: "command.done", command: "stop", by: "anna" },
    ]);
  }, 20_000);
});
