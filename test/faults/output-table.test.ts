import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { FAULT_CODES, REASON_CODES, VERDICT_CODES } from "../../src/plc/register-map.ts";
import { taughtNothingState, trainedState } from "../e2e/quick-state.ts";
import { Plant, startStation, type TestStation } from "../e2e/test-station.ts";
import { freePort, hasMosquitto, Mosquitto } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { Plc } from "../plc/handshake/plc.ts";
import { EjectorPlc, TRACK } from "./ejector-plc.ts";
import { TestCamera } from "./test-camera.ts";

type FaultCode = keyof typeof FAULT_CODES;

/** What the three sides of a station say in one condition: PLC bits, MQTT, and what happened to a part at the ejector. */
interface Row {
  readonly ready: boolean;
  /** The PLC's code, or null: no fault. */
  readonly fault: FaultCode | null;
  readonly verdict: keyof typeof VERDICT_CODES;
  readonly reason: keyof typeof REASON_CODES;
}

const GOOD: Row = { ready: true, fault: null, verdict: "OK", reason: "score" };

/** A station between a camera, a PLC, an ejector and a broker that the test holds. */
class Line {
  readonly camera: TestCamera;
  readonly ejector: EjectorPlc;
  readonly broker: Mosquitto;
  readonly test: TestStation;
  readonly plc: Plc;
  #tag = 0;

  private constructor(parts: Pick<Line, "camera" | "ejector" | "broker" | "test" | "plc">) {
    this.camera = parts.camera;
    this.ejector = parts.ejector;
    this.broker = parts.broker;
    this.test = parts.test;
    this.plc = parts.plc;
  }

  static async with(stateDir: string): Promise<Line> {
    const camera = await TestCamera.start();
    const ejector = await EjectorPlc.start();
    const broker = await Mosquitto.start();
    onTestFinished(() => broker.stop());
    const port = await freePort();
    const test = await startStation({
      stateDir,
      camera: {
        source: camera.source,
        trigger: { kind: "plc" },
        stallTimeoutMs: 500,
        frozenAfterFrames: 5,
        deadlineMs: 450,
        reject: ejector.reject,
      },
      broker: { kind: "external", url: broker.url, protocolVersion: 5, keepaliveS: 10 },
      config: { plc: { modbus: { enabled: true, port } } },
    });
    const plc = await new Plc().connect(port);
    onTestFinished(() => {
      plc.close();
    });
    await plc.set("triggerEnable", true);
    return new Line({ camera, ejector, broker, test, plc });
  }

  async plant(): Promise<Plant> {
    return Plant.at(this.broker.url);
  }

  /** Good parts again: the PLC resets what it was told, as its program would. */
  async recover(): Promise<void> {
    for (;;) {
      const { bits } = await this.plc.see();
      if (bits.ready && !bits.fault) return;
      await this.plc.pulse("faultReset");
      await sleep(50);
    }
  }

  /** One part in this condition, seen from all sides. */
  async expectRow({ ready, fault, verdict, reason }: Row): Promise<void> {
    const code = fault === null ? 0 : FAULT_CODES[fault];
    await this.plc.until((seen) => seen.bits.ready === ready && seen.faultCode === code);
    const opened = this.ejector.changes.length;
    this.#tag += 1;
    await this.plc.trigger(this.#tag);
    const seen = await this.plc.until(({ bits, resultTag }) => bits.resultsValid && resultTag === this.#tag);
    await this.plc.pulse("resultsAck");
    const { ok, ng, err } = seen.bits;
    expect([ok, ng, err]).toEqual([verdict === "OK", false, verdict === "ERR"]);
    expect([seen.verdict, seen.reason]).toEqual([VERDICT_CODES[verdict], REASON_CODES[reason]]);
    const inspection = this.test.verdicts.at(-1)!;
    expect(inspection).toMatchObject({
      tag: this.#tag,
      verdict,
      reason,
      action: verdict === "OK" ? "pass" : "reject",
    });
    await sleep(TRACK.distanceMs + 300); // it comes to the ejector and leaves it
    if (verdict === "ERR") expect(this.ejector.changes.length).toBe(opened);
    else expect(this.ejector.letPass(inspection.times)).toBe(true);
  }
}

describe.skipIf(!hasMosquitto)("docs/faults.md, row by row: what PLC, ejector and MQTT are told", () => {
  it("judging, bad image, camera frozen and gone, time-out, stopped, broker down", async () => {
    const line = await Line.with(await trainedState());
    const plant = await line.plant();
    await plant.ask("threshold.set", { reject: 1000 });
    const mqttFault = async (code: string | null) =>
      until(
        `the retained fault ${code ?? "none"}`,
        () => {
          const { fault } = plant.heard.json("cam/cam1/state").at(-1) as { fault: { code: string } | null };
          return (fault?.code ?? null) === code;
        },
        30_000,
      );
    await line.recover();
    await sleep(TRACK.distanceMs + 300); // what was on the belt at the start has gone by
    await line.expectRow(GOOD);

    line.camera.shows = "black";
    await until(
      "it is seen",
      () => (line.test.station.line("cam1").camera.status.brightness ?? 99) < 20,
      30_000,
    );
    await line.expectRow({ ...GOOD, verdict: "ERR", reason: "image_quality" });
    line.camera.shows = "noise";
    await until("light", () => (line.test.station.line("cam1").camera.status.brightness ?? 0) > 40, 30_000);

    line.camera.shows = "frozen";
    await mqttFault("camera-frozen");
    await line.expectRow({ ready: false, fault: "camera-frozen", verdict: "ERR", reason: "not_ready" });
    line.camera.shows = "noise";
    await line.recover();

    line.camera.unplug();
    await mqttFault("camera-failed");
    await line.expectRow({ ready: false, fault: "camera-failed", verdict: "ERR", reason: "not_ready" });
    line.camera.plug();
    await line.recover();

    const { pid } = line.test.station.line("cam1").inspector.status;
    process.kill(pid ?? 0, "SIGSTOP");
    await line.expectRow({ ...GOOD, verdict: "ERR", reason: "late" });
    process.kill(pid ?? 0, "SIGCONT");
    await line.recover();

    await plant.ask("stop");
    await line.expectRow({ ...GOOD, ready: false, verdict: "ERR", reason: "not_ready" });
    await plant.ask("start");
    await line.recover();

    await line.broker.kill();
    await until("noticed", () => line.test.station.faults.some(({ source }) => source === "mqtt"), 30_000);
    await line.plc.until(({ warningCode }) => warningCode === FAULT_CODES["mqtt-unreachable"]);
    await line.expectRow(GOOD);
  }, 180_000);

  it("no model: never ready, and a part that comes all the same is rejected", async () => {
    const line = await Line.with(await taughtNothingState());
    const plant = await line.plant();
    await until("the camera plays", () => line.test.station.line("cam1").camera.status.connected, 30_000);
    await until("said", () => plant.heard.on("cam/cam1/state").length > 0);
    expect(plant.heard.json("cam/cam1/state").at(-1)).toMatchObject({ ready: false });
    await line.expectRow({ ready: false, fault: "no-model", verdict: "ERR", reason: "not_ready" });
  }, 120_000);
});
