import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestSum } from "../../src/bundles/read.ts";
import { BundleStore } from "../../src/bundles/store.ts";
import { statePaths } from "../../src/config/paths.ts";
import { FAULT_CODES } from "../../src/plc/register-map.ts";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "../e2e/test-station.ts";
import { freePort } from "../messaging/mosquitto.ts";
import { until } from "../messaging/plant.ts";
import { Plc } from "../plc/handshake/plc.ts";
import { Daemon, daemonConfig } from "./daemon.ts";
import { EjectorPlc } from "./ejector-plc.ts";

const LINE = { source: { kind: "simulated", fps: 10, defectShare: 0 }, deadlineMs: 1000 } as const;
const DEADLY_ENTRY = new URL("../inspection/infer/crashing-process.ts", import.meta.url);
/** Killed by `DEADLY_ENTRY` at its first part. */
const DEADLY = "bad-run-1";
const scored = ({ reason }: { reason: string }): boolean => reason === "score";

describe("a station that crashes again and again (promises.md R16)", () => {
  it("starts the fifth time in safe mode: it says so and rejects every part; a clean stop ends that", async () => {
    const plc = await EjectorPlc.start();
    const stateDir = await trainedState();
    const port = await freePort();
    const modbus = { plc: { modbus: { enabled: true, port } } };
    const { file, brokerUrl } = await daemonConfig(stateDir, { ...LINE, reject: plc.reject }, modbus);
    const starts = join(stateDir, "starts.json");
    for (let crash = 1; crash <= 4; crash += 1) {
      const daemon = new Daemon(file);
      await until(`start ${crash} is noted`, () => startsIn(starts) === crash, 60_000);
      await daemon.die();
    }
    const opened = plc.changes.length;
    const safe = new Daemon(file);
    await safe.up();
    const plant = await Plant.at(brokerUrl);
    for (const result of await plant.more(10)) {
      expect(result).toMatchObject({ verdict: "ERR", action: "reject", reason: "not_ready", score: null });
      expect(result.detail).toMatch(/failed five times within a minute.*Look at the log/);
    }
    const state = plant.heard.json("cam/cam1/state").at(-1);
    expect(state).toMatchObject({ ready: false, awaits_reset: true, fault: { code: "safe-mode" } });
    const client = await new Plc().connect(port);
    const { bits, faultCode } = await client.see();
    client.close();
    expect([bits.ready, bits.fault, faultCode]).toEqual([false, true, FAULT_CODES.other]);
    expect(plc.changes.length).toBe(opened); // not one part went by
    expect(await safe.end("SIGTERM")).toBe(0);
    expect(startsIn(starts)).toBe(0);

    const sound = new Daemon(file);
    await sound.up();
    await plant.more(5, scored);
    expect(await sound.end("SIGTERM")).toBe(0);
  }, 240_000);
});

describe("a model that kills the inference process at every part (promises.md R16)", () => {
  it("is rolled back after five deaths; its parts are rejected, and the model before judges again", async () => {
    const plc = await EjectorPlc.start();
    const stateDir = await trainedState();
    const sound = new BundleStore(statePaths(stateDir)).active("default") ?? "";
    addDeadly(stateDir, sound);
    const test = await startStation({
      stateDir,
      camera: { ...LINE, trigger: { kind: "rate", partsPerSecond: 10 }, reject: plc.reject },
      entries: { infer: DEADLY_ENTRY },
    });
    const plant = await Plant.at(test.station.brokerUrl);
    await plant.more(5, scored);
    expect((await plant.ask("model.promote", { id: DEADLY })).error).toBeUndefined();
    const promoted = test.verdicts.length;
    await until("rolled back", () => hasEvent(plant, "model.crash-loop"), 90_000);
    await plant.more(10, (result) => scored(result) && result.model.id === sound, 90_000);
    expect(new BundleStore(statePaths(stateDir)).active("default")).toBe(sound);
    await test.station.stop();

    const meanwhile = test.verdicts.slice(promoted).filter(({ reason }) => reason !== "score");
    expect(meanwhile.length).toBeGreaterThanOrEqual(5);
    for (const { verdict, action } of meanwhile) expect([verdict, action]).toEqual(["ERR", "reject"]);
    const slipped = meanwhile.filter(({ times }) => plc.letPass(times));
    expect(slipped).toEqual([]);
    expectOneAnswerEach(plant.results(), test);
  }, 240_000);
});

/** Starts that did not end in order. */
function startsIn(file: string): number {
  if (!existsSync(file)) return 0;
  return (JSON.parse(readFileSync(file, "utf8")) as unknown[]).length;
}

/** A copy of a model under the name at which the process dies, taught after it. */
function addDeadly(stateDir: string, parent: string): void {
  const { bundles } = statePaths(stateDir);
  cpSync(join(bundles, parent), join(bundles, DEADLY), { recursive: true });
  const file = join(bundles, DEADLY, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as object;
  const text = JSON.stringify({ ...manifest, id: DEADLY, parent });
  writeFileSync(file, text);
  writeFileSync(`${file}.sha256`, manifestSum(Buffer.from(text)));
}

function hasEvent(plant: Plant, kind: string): boolean {
  return plant.heard.json("event").some((event) => event.kind === kind);
}
