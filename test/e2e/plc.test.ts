import { createServer, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { FAULT_CODES, RECIPE_ERRORS, VERDICT_CODES } from "../../src/plc/register-map.ts";
import { Plc, type Seen } from "../plc/handshake/plc.ts";
import { trainedState } from "./quick-state.ts";
import { startStation } from "./test-station.ts";

const PARTS = 10;

/** A port that was free a moment ago: the configuration must name one. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it("a PLC triggers parts of a real station, and gets one answer each, with its tag", async () => {
  const port = await freePort();
  const test = await startStation({
    stateDir: await trainedState(),
    camera: {
      source: { kind: "simulated", fps: 20, defectShare: 0 },
      trigger: { kind: "plc" },
      deadlineMs: 5000,
    },
    config: { plc: { modbus: { enabled: true, port } } },
  });
  const plc = await new Plc().connect(port);
  onTestFinished(() => {
    plc.close();
  });
  await plc.set("triggerEnable", true);
  await plc.writePartId("SN-1");
  for (let part = 1; part <= PARTS; part += 1) {
    await plc.until(({ bits }) => bits.ready);
    await plc.trigger(100 + part);
    const seen = await plc.until(({ bits }) => bits.resultsValid);
    expect(seen).toMatchObject({ resultNo: part, resultTag: 100 + part });
    expect(seen.bits.err).toBe(false);
    await plc.pulse("resultsAck");
  }
  expect(test.verdicts.map(({ tag, partId }) => [tag, partId])).toEqual(
    Array.from({ length: PARTS }, (_, part) => [101 + part, "SN-1"]),
  );

  // A part in spite of Ready being off is never judged, and rejected.
  await plc.set("triggerEnable", false);
  await plc.trigger(7);
  const missed = await plc.until(({ bits }) => bits.resultsValid);
  expect(missed).toMatchObject({ resultTag: 7, verdict: VERDICT_CODES.ERR });
  expect(test.verdicts.at(-1)).toMatchObject({ verdict: "ERR", reason: "not_ready", action: "reject" });

  // Counts are those of the store, which is written after the answer.
  await plc.until(
    ({ triggers, errCount, missedCount }) => triggers === PARTS + 1 && errCount + missedCount === 2,
  );

  await plc.write("recipeNumber", 99);
  await plc.pulse("recipeStrobe");
  expect(await plc.see()).toMatchObject({ recipeError: RECIPE_ERRORS.unknownNumber });
});

it("a PLC that falls silent stops the line until it is back and resets", async () => {
  const port = await freePort();
  await startStation({
    stateDir: await trainedState(),
    camera: { source: { kind: "simulated", fps: 20, defectShare: 0 }, trigger: { kind: "plc" } },
    config: { plc: { modbus: { enabled: true, port, heartbeat: "required" } } },
  });
  const plc = await new Plc().connect(port);
  onTestFinished(() => {
    plc.close();
  });
  await plc.set("triggerEnable", true);
  const beatUntilReady = async (): Promise<Seen> => {
    for (let beat = true; ; beat = !beat) {
      const seen = await plc.see();
      if (seen.bits.ready) return seen;
      await plc.set("plcHeartbeat", beat);
      await plc.pulse("faultReset");
    }
  };
  await beatUntilReady();
  const { faultCode, bits } = await plc.until((seen) => seen.bits.fault);
  expect([faultCode, bits.ready]).toEqual([FAULT_CODES["plc-heartbeat"], false]);
  expect((await beatUntilReady()).faultCode).toBe(0);
});
