import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { plcSchema } from "../../../src/config/plc-schema.ts";
import type { Verdict } from "../../../src/domain/inspection.ts";
import { PlcService } from "../../../src/plc/handshake/plc-service.ts";
import { PLC_REGISTER_COUNT } from "../../../src/plc/register-map.ts";
import { FakeStation } from "./fake-station.ts";
import { Plc, type Seen } from "./plc.ts";

let station: FakeStation;
let service: PlcService;
let plc: Plc;

beforeEach(async () => {
  let ids = 0;
  station = new FakeStation(["only"]);
  service = new PlcService({
    settings: plcSchema.parse({ modbus: { port: 0, bypassKey: 1, bufferDepth: 4 } }).modbus,
    cameras: ["only"],
    line: (camera) => station.line(camera),
    recipes: () => station.recipes,
    actions: station,
    onEncoder: () => undefined,
    onFault: () => undefined,
    onTriggerLatency: () => undefined,
    newId: () => `trigger-${(ids += 1)}`,
    now: () => 0,
    logger: pino({ level: "silent" }),
  });
  station.listener = service;
  await service.start();
  plc = await new Plc().connect(service.port);
});

afterEach(async () => {
  plc.close();
  await service.stop();
});

const word = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 15 }));
const write = fc.oneof(
  fc.record({ coil: fc.integer({ min: 0, max: 20 }), on: fc.boolean() }),
  fc.record({ register: fc.integer({ min: 0, max: PLC_REGISTER_COUNT + 2 }), word }),
  fc.record({
    from: fc.integer({ min: 0, max: 10 }),
    words: fc.array(word, { minLength: 1, maxLength: 16 }),
  }),
  fc.record({ pulse: fc.constantFrom("trigger", "resultsAck") }),
  fc.record({ verdict: fc.constantFrom<Verdict>("OK", "NG", "WARN", "ERR") }),
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

/** @returns exception code; 0: the station took it */
async function perform(each: Write): Promise<number> {
  try {
    if ("coil" in each) await plc.client.writeCoil(each.coil, each.on);
    else if ("register" in each) await plc.client.writeRegister(each.register, each.word);
    else if ("from" in each) await plc.client.writeRegisters(each.from, each.words);
    else if ("pulse" in each) await plc.pulse(each.pulse);
    else if (station.open.length > 0) station.judge(each.verdict);
    return 0;
  } catch (error) {
    return (error as { modbusCode?: number }).modbusCode ?? -1;
  }
}

function check(seen: Seen, before: number): void {
  const { bits, resultNo } = seen;
  expect([bits.ok, bits.ng, bits.err].filter(Boolean)).toHaveLength(bits.resultsValid ? 1 : 0);
  expect(seen.verdict !== 0).toBe(bits.resultsValid);
  expect(resultNo).toBeGreaterThanOrEqual(before);
  // Holding back, overwriting and dropping leave holes in the numbers, never a number that was not given.
  expect(resultNo).toBeLessThanOrEqual(station.line("only").totals.triggers);
}

it("any words in any registers and coils: refused or obeyed, never a crash, never two verdicts", async () => {
  let newest = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 30 }), async (writes) => {
      for (const each of writes) expect([0, 2, 3]).toContain(await perform(each));
      const seen = await plc.see();
      check(seen, newest);
      newest = seen.resultNo;
    }),
    { seed: 5, numRuns: 600 },
  );
  expect(newest).toBeGreaterThan(200);
});

it("gives each result the next number", async () => {
  await plc.set("triggerEnable", true);
  station.autoVerdict = "OK";
  for (let part = 1; part <= 100; part += 1) {
    await plc.trigger(part);
    expect(await plc.see()).toMatchObject({ resultNo: part, resultTag: part });
    await plc.pulse("resultsAck");
  }
});
