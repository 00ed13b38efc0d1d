import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plcSchema, type PlcSettings } from "../../../src/config/plc-schema.ts";
import { PlcService } from "../../../src/plc/handshake/plc-service.ts";
import {
  COMMANDS,
  FAULT_CODES,
  NO_VALUE,
  RECIPE_ERRORS,
  VERDICT_CODES,
} from "../../../src/plc/register-map.ts";
import { FakeStation } from "./fake-station.ts";
import { Plc } from "./plc.ts";

let station: FakeStation;
let service: PlcService;
let plc: Plc;
let now = 0;
const encoder: unknown[] = [];
const faults = new Map<string, string>();
const latencies: number[] = [];

async function start(settings: Partial<PlcSettings["modbus"]> = {}): Promise<void> {
  let ids = 0;
  station = new FakeStation(["left", "right"]);
  service = new PlcService({
    settings: { ...plcSchema.parse({}).modbus, port: 0, ...settings },
    cameras: ["left", "right"],
    line: (camera) => station.line(camera),
    recipes: () => station.recipes,
    actions: station,
    onEncoder: (camera, counts) => encoder.push([camera, counts]),
    onFault: (source, fault) => (fault ? faults.set(source, fault.code) : faults.delete(source)),
    onTriggerLatency: (_, ms) => latencies.push(ms),
    newId: () => `trigger-${(ids += 1)}`,
    now: () => now,
    logger: pino({ level: "silent" }),
  });
  station.listener = service;
  await service.start();
  plc = await new Plc().connect(service.port);
  await plc.set("triggerEnable", true);
}

beforeEach(() => {
  now = 0;
  encoder.length = 0;
  latencies.length = 0;
  faults.clear();
  return start();
});

afterEach(async () => {
  plc.close();
  await service.stop();
});

/** Starts the station anew with other settings. */
async function restart(settings: Partial<PlcSettings["modbus"]>): Promise<void> {
  plc.close();
  await service.stop();
  await start(settings);
}

describe("one part after the other", () => {
  it("goes Ready, Ack, Busy, exactly one result, ack, Ready", async () => {
    expect((await plc.see()).bits).toMatchObject({ ready: true, busy: false, resultsValid: false });
    await plc.write("triggerTag", 321);
    await plc.writePartId("SN-0001");
    await plc.set("trigger", true);
    expect((await plc.see()).bits).toMatchObject({ triggerAck: true, ready: false, busy: true });
    await plc.set("trigger", false);
    expect((await plc.see()).bits).toMatchObject({ triggerAck: false, ready: false, busy: true });
    expect(station.open[0]?.request).toEqual({
      triggerId: "trigger-1",
      partId: "SN-0001",
      tag: 321,
      missed: false,
    });
    station.judge("NG");
    const seen = await plc.see();
    expect(seen.bits).toMatchObject({
      resultsValid: true,
      ok: false,
      ng: true,
      err: false,
      resultToggle: true,
    });
    expect(seen).toMatchObject({
      resultNo: 1,
      resultTag: 321,
      verdict: VERDICT_CODES.NG,
      score: 1235,
      threshold: 2500,
      totalTimeUs: 31_500,
      resultRecipe: 1,
      configChecksum: 0x89abcdef,
      triggers: 1,
      ngCount: 1,
      meanMs: 30,
    });
    await plc.set("resultsAck", true);
    const acknowledged = await plc.see();
    expect(acknowledged.bits).toMatchObject({ resultsValid: false, ng: false, ready: true });
    expect(acknowledged).toMatchObject({ verdict: 0, score: NO_VALUE, resultNo: 1 });
    await plc.set("resultsAck", false);
    expect((await plc.see()).bits.resultsValid).toBe(false);
  });

  it.each([
    ["OK", {}, "ok"],
    ["NG", {}, "ng"],
    ["ERR", {}, "err"],
    ["WARN", { action: "pass" }, "ok"],
    ["WARN", { action: "reject" }, "ng"],
    ["WARN", { action: "hold" }, "ng"],
    ["OK", { action: "reject" }, "ng"],
    ["NG", { action: "pass" }, "ng"],
  ] as const)("shows %s %o by %s alone", async (verdict, changes, bit) => {
    await plc.trigger(1);
    station.judge(verdict, changes);
    const { bits, verdict: code } = await plc.see();
    expect({ ok: bits.ok, ng: bits.ng, err: bits.err }).toEqual({
      ok: false,
      ng: false,
      err: false,
      [bit]: true,
    });
    expect(code).toBe(VERDICT_CODES[verdict]);
  });

  it("catches a Trigger set and cleared within one burst of requests", async () => {
    const pulses = Array.from({ length: 5 }, () => [plc.set("trigger", true), plc.set("trigger", false)]);
    await Promise.all(pulses.flat());
    expect(await plc.see()).toMatchObject({ missedCount: 0 });
    expect(station.open).toHaveLength(1); // the others were missed, and answered by the station at once
    expect((await plc.see()).resultNo).toBe(4);
    expect(latencies).toHaveLength(5);
  });

  it("shows parts that others have triggered, with tag 0", async () => {
    station.judgeForeign("left", "OK");
    expect(await plc.see()).toMatchObject({ resultNo: 1, resultTag: 0 });
  });

  it("answers a trigger that the station refuses", async () => {
    station.refusal = "the station is stopping";
    await plc.trigger(9);
    const seen = await plc.until(({ bits }) => bits.resultsValid);
    expect(seen).toMatchObject({ resultTag: 9, verdict: VERDICT_CODES.ERR });
    expect(seen.bits).toMatchObject({ err: true, busy: false });
  });
});

describe("several parts under way", () => {
  it("hands out buffered results in order, each with its tag", async () => {
    await plc.set("bufferEnable", true);
    for (const tag of [11, 12, 13]) await plc.trigger(tag);
    for (const verdict of ["OK", "NG", "ERR"] as const) station.judge(verdict);
    const seen: number[][] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const { resultNo, resultTag, verdict, resultsWaiting } = await plc.until(
        ({ bits }) => bits.resultsValid,
      );
      seen.push([resultNo, resultTag, verdict, resultsWaiting]);
      await plc.pulse("resultsAck");
    }
    expect(seen).toEqual([
      [1, 11, 1, 2],
      [2, 12, 2, 1],
      [3, 13, 4, 0],
    ]);
  });

  it("survives a PLC that never acknowledges: overrun, counted, the oldest kept", async () => {
    station.autoVerdict = "OK";
    await plc.set("bufferEnable", true);
    for (let tag = 1; tag <= 14; tag += 1) await plc.trigger(tag);
    expect(await plc.see()).toMatchObject({ resultTag: 1, resultsWaiting: 9, lostResults: 4 });
    expect((await plc.see()).bits).toMatchObject({ bufferOverrun: true, triggerMissed: false });
  });

  it("answers a storm of triggers: one result each, the missed ones ERR", async () => {
    // modbus-serial's client tells 256 requests under way apart.
    for (let burst = 0; burst < 4; burst += 1) {
      const storm = Array.from({ length: 50 }, (_, part) => [
        plc.write("triggerTag", 50 * burst + part),
        plc.set("trigger", true),
        plc.set("trigger", false),
      ]);
      await Promise.all(storm.flat());
    }
    station.judge("OK");
    const seen = await plc.see();
    expect(seen).toMatchObject({ triggers: 200, resultNo: 200, okCount: 1, errCount: 199, resultTag: 0 });
    expect(seen.bits.triggerMissed).toBe(true);
  });
});

it("lets one read see one moment, however fast results change", async () => {
  station.autoVerdict = "OK";
  const reader = await new Plc().connect(service.port);
  const storm = async (): Promise<void> => {
    for (let tag = 1; tag <= 150; tag += 1) await plc.trigger(tag);
  };
  const stormy = storm();
  const numbers = new Set<number>();
  while (!numbers.has(150)) {
    const { bits, resultNo, resultTag, triggers } = await reader.see();
    expect([resultTag, bits.resultToggle, triggers]).toEqual([resultNo, resultNo % 2 === 1, resultNo]);
    numbers.add(resultNo);
  }
  await stormy;
  reader.close();
  expect(numbers.size).toBeGreaterThan(2);
});

it("goes on after a cable cut in the middle of a part", async () => {
  await plc.write("triggerTag", 5);
  await plc.set("trigger", true);
  plc.client.destroy(() => undefined);
  station.judge("OK");
  plc = await new Plc().connect(service.port);
  const seen = await plc.see();
  expect(seen.bits).toMatchObject({ triggerAck: true, resultsValid: true, ok: true });
  expect(seen).toMatchObject({ resultTag: 5, resultNo: 1 });
  await plc.set("trigger", false);
  await plc.pulse("resultsAck");
  expect((await plc.see()).bits).toMatchObject({ ready: true, resultsValid: false });
});

describe("recipes", () => {
  it("are in use when RecipeReady comes back", async () => {
    let loaded = (): void => undefined;
    station.recipeWork = () => new Promise((resolve) => (loaded = resolve));
    await plc.write("recipeNumber", 2);
    await plc.set("recipeStrobe", true);
    expect((await plc.see()).bits).toMatchObject({ recipeReady: false, ready: false });
    loaded();
    const seen = await plc.until(({ bits }) => bits.recipeReady);
    expect(seen).toMatchObject({ recipeInUse: 2, recipeError: 0 });
    expect(station.calls).toEqual(["selectRecipe left 2"]);
  });

  it.each([0, 9, 65_535])("keep the old one for the unknown number %i", async (number) => {
    await plc.write("recipeNumber", number);
    await plc.pulse("recipeStrobe");
    const seen = await plc.see();
    expect(seen).toMatchObject({ recipeInUse: 1, recipeError: RECIPE_ERRORS.unknownNumber });
    expect(seen.bits).toMatchObject({ recipeReady: false, ready: false });
    expect(station.calls).toEqual([]);
  });

  it("that cannot be loaded are an error", async () => {
    station.recipeWork = () => Promise.reject(new Error("no model"));
    await plc.write("recipeNumber", 3);
    await plc.pulse("recipeStrobe");
    const seen = await plc.until(({ recipeError }) => recipeError !== 0);
    expect(seen).toMatchObject({ recipeInUse: 1, recipeError: RECIPE_ERRORS.notLoaded });
  });
});

it("keeps a camera's fault until FaultReset", async () => {
  const fault = { code: "camera-stalled", text: "no frame", since: "" };
  station.change("left", { ready: false, fault });
  expect(await plc.see()).toMatchObject({ faultCode: FAULT_CODES["camera-stalled"] });
  station.change("left", { ready: true, fault: null });
  expect((await plc.see()).bits).toMatchObject({ fault: true, ready: false });
  await plc.pulse("faultReset");
  expect((await plc.see()).bits).toMatchObject({ fault: false, ready: true });
  expect(station.calls).toEqual(["reset left"]);
});

it("shows a change-over as a recipe that is not ready, not as a fault", async () => {
  const fault = { code: "change-over", text: "the next recipe is loaded", since: "" };
  station.change("left", { ready: false, fault });
  expect((await plc.see()).bits).toMatchObject({ ready: false, recipeReady: false, fault: false });
  station.change("left", { ready: true, fault: null });
  expect((await plc.see()).bits).toMatchObject({ ready: true, recipeReady: true, fault: false });
});

it("rejects parts of a PLC whose heartbeat stops, until it is back and reset", async () => {
  await restart({ heartbeat: "required" });
  await plc.set("plcHeartbeat", true);
  expect((await plc.see()).bits.ready).toBe(true);
  now = 1001;
  service.lineChanged("left");
  const silent = await plc.see();
  expect(silent.bits).toMatchObject({ ready: false, fault: true });
  expect(silent.faultCode).toBe(FAULT_CODES["plc-heartbeat"]);
  expect(faults.get("plc/left")).toBe("plc-heartbeat");
  await plc.trigger(4);
  expect(await plc.see()).toMatchObject({ resultTag: 4, verdict: VERDICT_CODES.ERR });
  await plc.set("plcHeartbeat", false);
  expect(faults.has("plc/left")).toBe(false);
  expect((await plc.see()).bits.ready).toBe(false);
  await plc.pulse("faultReset");
  expect((await plc.see()).bits.ready).toBe(true);
});

it("toggles its own heartbeat every 250 ms", async () => {
  const beats: boolean[] = [];
  for (now = 0; now < 1000; now += 125) beats.push((await plc.see()).bits.heartbeat);
  expect(beats).toEqual([false, false, true, true, false, false, true, true]);
});

it("switches inspection off with the key alone", async () => {
  await restart({ bypassKey: 4711 });
  await plc.set("bypass", true);
  expect(station.calls).toEqual([]);
  await plc.write("bypassKey", 4711);
  expect((await plc.until(({ bits }) => bits.bypassActive)).bits.bypassActive).toBe(true);
  await plc.set("bypass", false);
  await plc.until(({ bits }) => !bits.bypassActive);
  expect(station.calls).toEqual(["setBypass true left", "setBypass false left"]);
});

it("passes encoder counts on once both words are there, and resets counters", async () => {
  await plc.client.writeRegisters(4, [0x0001, 0x0002]);
  await plc.client.writeRegister(4, 7);
  await plc.client.writeRegister(5, 8);
  expect(encoder).toEqual([
    ["left", 0x1_0002],
    ["left", 0x7_0008],
  ]);
  await plc.pulse("countersReset");
  expect(station.calls).toEqual(["resetCounters left"]);
});

it("obeys MERLIC's commands and echoes them", async () => {
  await plc.write("command", COMMANDS.StartContinuous);
  await plc.until(({ commandEcho }) => commandEcho === COMMANDS.StartContinuous);
  await plc.write("command", COMMANDS.None);
  await plc.write("triggerTag", 6);
  await plc.write("command", COMMANDS.StartSingleJob);
  station.judge("OK");
  expect(await plc.see()).toMatchObject({
    commandEcho: COMMANDS.StartSingleJob,
    commandError: 0,
    resultTag: 6,
  });
  expect(station.calls).toEqual(["start left"]);
});

describe("units", () => {
  it("are cameras in order; 0 and 255 are the first", async () => {
    for (const unit of [0, 1, 255]) {
      plc.client.setID(unit);
      await plc.write("triggerTag", unit);
      await plc.pulse("trigger");
    }
    plc.client.setID(2);
    await plc.set("triggerEnable", true);
    await plc.trigger(77);
    expect(station.open.map(({ camera, request }) => [camera, request.tag])).toEqual([
      ["left", 0],
      ["right", 77],
    ]);
    expect(await plc.see()).toMatchObject({ resultNo: 0 });
  });

  it("that are no camera do not answer for one", async () => {
    plc.client.setID(3);
    await expect(plc.see()).rejects.toMatchObject({ modbusCode: 0x0b });
  });
});

it("reports a port that is taken, and takes it when it is free", async () => {
  const { port } = service;
  const settings = plcSchema.parse({ modbus: { port } });
  const second = new PlcService({
    ...{ settings: settings.modbus, cameras: [], line: station.line.bind(station), actions: station },
    ...{ recipes: () => [], onEncoder: () => undefined, onTriggerLatency: () => undefined },
    onFault: (source, fault) => (fault ? faults.set(source, fault.text) : faults.delete(source)),
    newId: () => "",
    now: () => now,
    logger: pino({ level: "silent" }),
  });
  await second.start();
  expect(faults.get("plc")).toContain(`${port} on 127.0.0.1 is in use`);
  plc.close();
  await service.stop();
  await expect.poll(() => faults.has("plc"), { timeout: 10_000 }).toBe(false);
  expect(second.port).toBe(port);
  await second.stop();
});
