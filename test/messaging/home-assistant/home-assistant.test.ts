import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { externalBrokerSchema } from "../../../src/config/broker-schema.ts";
import { homeAssistantSchema } from "../../../src/config/home-assistant-schema.ts";
import type { StationView } from "../../../src/domain/station-view.ts";
import { BrokerClient, type Publication } from "../../../src/messaging/client.ts";
import {
  HomeAssistant,
  type HomeAssistantOptions,
} from "../../../src/messaging/home-assistant/home-assistant.ts";
import { stationTopics } from "../../../src/messaging/topics.ts";
import { lineOf, viewOf } from "../line-view.ts";
import { hasMosquitto, Mosquitto } from "../mosquitto.ts";
import { Subscriber, until } from "../plant.ts";

const topics = stationTopics("assay/v1/st1");
const newFile = (): string => join(mkdtempSync(join(tmpdir(), "assayd-home-assistant-")), "announced.json");
const configTopic = (camera: string): string => `homeassistant/device/st1_${camera}/config`;

/** Discovery with a connection that only remembers. */
class Announcer {
  readonly sent: Publication[] = [];
  readonly filters: string[] = [];
  view: StationView = viewOf([lineOf("cam1"), lineOf("cam2")]);
  readonly discovery: HomeAssistant;

  constructor(
    enabled = true,
    announcedFile = newFile(),
    connection: Partial<Pick<HomeAssistantOptions, "publish" | "subscribe">> = {},
  ) {
    this.discovery = new HomeAssistant({
      config: homeAssistantSchema.parse({ enabled }),
      hardware: { make: null, model: null, serial: null },
      lastNgType: null,
      topics,
      announcedFile,
      view: () => this.view,
      publish: (message) => {
        this.sent.push(message);
        return Promise.resolve();
      },
      subscribe: (filter) => {
        this.filters.push(filter);
        return Promise.resolve();
      },
      logger: pino({ level: "silent" }),
      ...connection,
    });
    onTestFinished(() => this.discovery.stop());
  }

  get topicsSent(): string[] {
    return this.sent.map(({ topic, payload }) => (payload.length === 0 ? `-${topic}` : topic));
  }
}

describe("the announcement to Home Assistant", () => {
  it("is made on each connect, and again when Home Assistant says that it is online", () => {
    const { discovery, sent, filters } = new Announcer();
    discovery.connected();
    expect(sent).toHaveLength(2);
    expect(filters).toEqual(["homeassistant/status"]);
    discovery.received({ topic: "homeassistant/status", payload: "offline" });
    expect(sent).toHaveLength(2);
    discovery.received({ topic: "homeassistant/status", payload: Buffer.from("online") });
    expect(sent).toHaveLength(4);
    discovery.disconnected();
    discovery.connected();
    expect(sent).toHaveLength(6);
  });

  it("is taken away once when discovery is switched off", async () => {
    const file = newFile();
    const before = new Announcer(true, file);
    before.discovery.connected();
    await before.discovery.stop();
    const off = new Announcer(false, file);
    off.discovery.connected();
    off.discovery.connected();
    off.discovery.received({ topic: "homeassistant/status", payload: "online" });
    await off.discovery.stop();
    expect(off.topicsSent).toEqual([`-${configTopic("cam1")}`, `-${configTopic("cam2")}`]);
    expect(off.filters).toEqual([]);
  });

  it("says nothing at all where discovery was never on", async () => {
    const { discovery, sent } = new Announcer(false);
    discovery.connected();
    discovery.lineChanged();
    await discovery.stop();
    expect(sent).toEqual([]);
  });

  it("of a camera that is no longer configured is taken away, at the next connection if that fails", async () => {
    const file = newFile();
    const old = new Announcer(true, file);
    old.view = viewOf([lineOf("gone"), lineOf("cam1")]);
    old.discovery.connected();
    await old.discovery.stop();
    const failing = new Announcer(true, file, { publish: () => Promise.reject(new Error("no connection")) });
    failing.discovery.connected();
    await failing.discovery.stop();
    const announcer = new Announcer(true, file);
    announcer.discovery.connected();
    await announcer.discovery.stop();
    expect(announcer.topicsSent).toEqual([
      configTopic("cam1"),
      configTopic("cam2"),
      `-${configTopic("gone")}`,
    ]);
    announcer.discovery.connected();
    await announcer.discovery.stop();
    expect(announcer.topicsSent.slice(3)).toEqual([configTopic("cam1"), configTopic("cam2")]);
  });

  it("is made anew when recipes change, and not when only counters do", async () => {
    const announcer = new Announcer();
    const { discovery, sent } = announcer;
    discovery.connected();
    announcer.view = { ...announcer.view, lines: [lineOf("cam1", { busy: true }), lineOf("cam2")] };
    discovery.lineChanged();
    announcer.view = { ...announcer.view, recipes: announcer.view.recipes.slice(0, 1) };
    discovery.lineChanged();
    await until("the new announcement", () => sent.length > 2);
    expect(sent).toHaveLength(4);
    expect(sent[3]!.payload.toString()).not.toContain("bottle");
  });

  it("has a prefix that is a topic", () => {
    for (const prefix of ["", "a+", "#", "/a", "a/"]) {
      expect(homeAssistantSchema.safeParse({ prefix }).success, prefix).toBe(false);
    }
    expect(homeAssistantSchema.parse({})).toEqual({ enabled: false, prefix: "homeassistant" });
    expect(homeAssistantSchema.safeParse({ prefix: "plant/ha" }).success).toBe(true);
  });

  it("that cannot be sent throws nothing and comes with the next connection", async () => {
    let refused = 0;
    const { discovery } = new Announcer(true, newFile(), {
      publish: () => {
        refused += 1;
        return Promise.reject(new Error("no connection"));
      },
    });
    discovery.connected();
    await until("both were tried", () => refused === 2);
    discovery.connected();
    expect(refused).toBe(4);
  });

  it.skipIf(!hasMosquitto)("stays at the broker for a Home Assistant that comes later", async () => {
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const client: BrokerClient = new BrokerClient({
      broker: externalBrokerSchema.parse({ url: broker.url }),
      identity: { clientId: "st1", will: { topic: topics.state, payload: "{}" }, credentialsDirectory: null },
      logger: pino({ level: "silent" }),
      now: Date.now,
      onConnect: () => {
        discovery.connected();
      },
      onDisconnect: () => undefined,
      onMessage: (packet) => {
        discovery.received(packet);
      },
      onFault: () => undefined,
    });
    onTestFinished(() => client.stop());
    const { discovery } = new Announcer(true, newFile(), {
      publish: (message) => client.publish(message),
      subscribe: (filter) => client.subscribe(filter),
    });
    client.start();
    const early = await Subscriber.to(broker.url, "homeassistant/#");
    onTestFinished(() => early.end());
    await until("the announcements", () => early.messages.length >= 2);
    const late = await Subscriber.to(broker.url, "homeassistant/#");
    onTestFinished(() => late.end());
    await until("the retained ones", () => late.messages.length === 2);
    expect(late.messages.every(({ packet }) => packet.retain && packet.qos === 1)).toBe(true);
    await late.client.publishAsync("homeassistant/status", "online", { qos: 1 });
    await until(
      "both again",
      () => late.messages.filter(({ topic }) => topic.endsWith("/config")).length === 4,
    );
  });
});
