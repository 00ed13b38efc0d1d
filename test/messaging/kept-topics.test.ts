import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { KeptTopics } from "../../src/messaging/kept-topics.ts";
import type { Messenger } from "../../src/messaging/messenger.ts";
import type { JobMessage } from "../../src/messaging/schemas/station.ts";
import { hasMosquitto, Mosquitto } from "./mosquitto.ts";
import { openMessenger, ROOT, Subscriber, until } from "./plant.ts";

const ALARM = {
  active: true,
  severity: "error",
  since: "2026-01-01T00:00:00.000Z",
  acked: false,
  text: "no frame",
} as const;

function jobOf(id: string, ended: string | null): JobMessage {
  return {
    id,
    type: "train",
    state: ended === null ? "running" : "completed",
    camera: "cam1",
    stage: null,
    progress: 40,
    eta_s: null,
    message: "",
    metrics: {},
    data_set: null,
    result: null,
    error: null,
    started: "2026-01-01T00:00:00.000Z",
    ended,
    by: "anna",
  };
}

const folder = (): string => mkdtempSync(join(tmpdir(), "assayd-kept-"));

describe("KeptTopics", () => {
  it("is there again after a restart, the newest of each, without what was deleted", async () => {
    const file = join(folder(), "retained.json");
    const first = await KeptTopics.read(file, () => undefined);
    first.set("a", null);
    first.set("b", jobOf("b", null));
    first.set("b", jobOf("b", "2026-01-01T01:00:00.000Z"));
    first.delete("a");
    await first.settled();
    const second = await KeptTopics.read(file, () => undefined);
    expect(second.all).toEqual([["b", jobOf("b", "2026-01-01T01:00:00.000Z")]]);
  });

  it("begins empty with a file that is none of ours, and tells that one cannot be written", async () => {
    const file = join(folder(), "retained.json");
    writeFileSync(file, '{"a": 7');
    const failures: unknown[] = [];
    expect((await KeptTopics.read(file, () => undefined)).all).toEqual([]);
    const lost = await KeptTopics.read(join(folder(), "gone", "retained.json"), (error) =>
      failures.push(error),
    );
    lost.set("a", null);
    await lost.settled();
    expect(failures).toHaveLength(1);
    expect(lost.has("a")).toBe(true);
  });
});

// R-class: what is retained must not tell of a daemon that is gone
describe.skipIf(!hasMosquitto)("alarms and jobs at the broker", () => {
  it("are set right by the next run: alarms end, running jobs have failed, ended ones go after 24 h", async () => {
    const mosquitto = await Mosquitto.start();
    onTestFinished(() => mosquitto.stop());
    const broker: BrokerConfig = { kind: "external", url: mosquitto.url, protocolVersion: 4, keepaliveS: 10 };
    const own = folder();
    const store = { file: join(own, "assayd.db"), maxMessages: 1000, historyDays: 30 };
    const run = async (): Promise<Messenger> => {
      const messenger = await openMessenger(broker, { store, station: "st1" });
      onTestFinished(() => messenger.stop());
      await messenger.start();
      await until("connected", () => messenger.connected);
      return messenger;
    };
    const first = await run();
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const yesterday = new Date(Date.now() - 90_000_000).toISOString();
    first.states.alarm("cam1", "camera-stalled", ALARM);
    first.states.alarm("cam1", "camera-frozen", ALARM);
    for (const job of [jobOf("now", null), jobOf("lately", hourAgo), jobOf("once", null)])
      first.states.job(job);
    const topics = ["cam/cam1/alarm/camera-stalled", "job/now", "job/lately", "job/once"];
    const before = await Subscriber.to(mosquitto.url);
    onTestFinished(() => before.end());
    await until("all are there", () => topics.every((topic) => before.on(topic).length > 0));
    await first.stop();
    const noted = join(own, "retained.json");
    const kept = JSON.parse(readFileSync(noted, "utf8")) as Record<string, unknown>;
    writeFileSync(noted, JSON.stringify({ ...kept, [`${ROOT}/job/once`]: jobOf("once", yesterday) }));

    const second = await run();
    second.states.alarm("cam1", "camera-frozen", { ...ALARM, text: "still" });
    const newest = (topic: string): string | undefined => before.on(topic).at(-1)?.text;
    await until("the alarm is over", () => newest("cam/cam1/alarm/camera-stalled") === "");
    await until("the old job is gone", () => newest("job/once") === "");
    await until("the job has failed", () => (newest("job/now") ?? "").includes("restarted"));
    expect(JSON.parse(newest("job/now") ?? "")).toMatchObject({
      state: "failed",
      error: { code: "restarted" },
    });
    expect(JSON.parse(newest("job/lately") ?? "")).toEqual(jobOf("lately", hourAgo));
    await until("raised again", () => (newest("cam/cam1/alarm/camera-frozen") ?? "").includes("still"));
    await second.stop();
    expect(Object.keys(JSON.parse(readFileSync(noted, "utf8")) as object).toSorted()).toEqual(
      ["cam/cam1/alarm/camera-frozen", "job/lately", "job/now"].map((topic) => `${ROOT}/${topic}`),
    );
  }, 30_000);
});
