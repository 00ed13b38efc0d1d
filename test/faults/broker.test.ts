import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BrokerConfig } from "../../src/config/schema.ts";
import { hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "../e2e/test-station.ts";

const LINE = { source: { kind: "simulated", fps: 10, seed: 12 }, deadlineMs: 1000 } as const;
/** Keeps sessions and queued messages over kill -9, so that what the plant misses is the station's fault alone. */
const DURABLE = (folder: string): string[] => [
  "allow_anonymous true",
  "max_queued_messages 0",
  "persistence true",
  `persistence_location ${folder}/`,
  "autosave_on_changes true",
  "autosave_interval 1",
];
/** A plant whose subscription outlives its connection. */
const LASTING = { clean: false, clientId: "plant" } as const;

async function mosquitto(...settings: Parameters<typeof Mosquitto.start>): Promise<Mosquitto> {
  const broker = await Mosquitto.start(...settings);
  onTestFinished(() => broker.stop());
  return broker;
}

function external(url: string, changes: object = {}): BrokerConfig {
  return { kind: "external", url, protocolVersion: 5, keepaliveS: 10, ...changes };
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

describe.skipIf(!hasMosquitto)("a station whose real broker fails", () => {
  it("killed -9 and restarted in the middle: every result arrives, in order, the late ones marked", async () => {
    const broker = await mosquitto(DURABLE);
    const stateDir = await trainedState();
    const plant = await Plant.at(broker.url, LASTING);
    const test = await startStation({ stateDir, camera: LINE, broker: external(broker.url) });
    await plant.more(10);
    await broker.kill();
    const gone = test.verdicts.length;
    await until("noticed", () => test.station.faults.some(({ source }) => source === "mqtt"));
    await until("40 parts without a broker", () => test.verdicts.length > gone + 40);
    expect(test.station.messengerStats.queued).toBeGreaterThanOrEqual(30);
    await broker.restart();
    await until(
      "drained",
      () => test.station.messengerStats.connected && test.station.messengerStats.queued === 0,
      60_000,
    );
    await plant.more(5, ({ historical }) => !historical);
    await test.station.stop();
    await until("all", () => plant.results().at(-1)?.seq === test.station.line("cam1").lastSeq);
    const results = plant.results();
    const arrived = results.map(({ seq }) => seq);
    expect(arrived).toEqual(ascending(arrived));
    expect(results.filter(({ historical }) => historical).length).toBeGreaterThanOrEqual(30);
    expectOneAnswerEach(results, test);
    expect(test.verdicts.every(({ reason }) => reason === "score")).toBe(true); // inspection never noticed
  });

  it("down at the start: inspects, says why it is alone, and delivers when the broker comes", async () => {
    const broker = await mosquitto(DURABLE);
    const plant = await Plant.at(broker.url, LASTING);
    await broker.kill();
    const test = await startStation({
      stateDir: await trainedState(),
      camera: LINE,
      broker: external(broker.url),
    });
    await until("20 parts", () => test.verdicts.filter(({ reason }) => reason === "score").length >= 20);
    const fault = test.station.faults.find(({ source }) => source === "mqtt");
    expect(fault?.text).toContain(String(broker.port));
    await broker.restart();
    await until(
      "drained",
      () => test.station.messengerStats.connected && test.station.messengerStats.queued === 0,
      60_000,
    );
    await test.station.stop();
    await until("all", () => plant.results().at(-1)?.seq === test.station.line("cam1").lastSeq);
    expectOneAnswerEach(plant.results(), test);
    expect(plant.results()[0]).toMatchObject({ seq: 1, historical: true });
    expect(test.station.faults.filter(({ source }) => source === "mqtt")).toEqual([]);
  });

  it("refuses the password: the station inspects, names user and remedy but never the password", async () => {
    const broker = await mosquitto((folder) => {
      const file = join(folder, "passwords");
      writeFileSync(file, "", { mode: 0o600 });
      execFileSync("mosquitto_passwd", ["-b", file, "station", "right"]);
      return ["allow_anonymous false", "user root", `password_file ${file}`];
    });
    const stateDir = await trainedState();
    const passwordFile = join(stateDir, "password");
    writeFileSync(passwordFile, "wrong-secret\n");
    const test = await startStation({
      stateDir,
      camera: LINE,
      broker: external(broker.url, { username: "station", passwordFile }),
    });
    await until("the fault", () => test.station.faults.some(({ source }) => source === "mqtt"));
    const fault = test.station.faults.find(({ source }) => source === "mqtt");
    expect(fault?.text).toMatch(/password/i);
    expect(fault?.text).not.toContain("wrong-secret");
    const before = test.verdicts.length;
    await until("it inspects", () => test.verdicts.length > before + 5);
    expect(test.verdicts.at(-1)?.reason).toBe("score");
    expect(test.station.messengerStats.queued).toBeGreaterThan(5);
  });
});
