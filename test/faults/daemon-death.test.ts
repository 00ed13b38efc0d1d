import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { trainedState } from "../e2e/quick-state.ts";
import { Plant } from "../e2e/test-station.ts";
import { until } from "../messaging/plant.ts";
import { open } from "../store/store-fixture.ts";
import { Daemon, daemonConfig } from "./daemon.ts";
import { EjectorPlc, TRACK } from "./ejector-plc.ts";

const DEATHS = Number(process.env.ASSAYD_DAEMON_DEATHS ?? 10);
const LINE = {
  source: { kind: "simulated", fps: 10, defectShare: 0 },
  deadlineMs: 450,
} as const;
/** From the start to the first part that passes, on a busy machine. */
const PASS_MS = 60_000;
/** The PLC lets go after 500 ms of silence, looked for every 50 ms; the rest is for a busy machine, which it runs on too. */
const SAFE_MS = 550 + 1500;

async function passingStation(plc: EjectorPlc): Promise<{ file: string; stateDir: string; daemon: Daemon }> {
  const stateDir = await trainedState();
  const { file, brokerUrl } = await daemonConfig(stateDir, { ...LINE, reject: plc.reject });
  const daemon = new Daemon(file);
  await daemon.up();
  const plant = await Plant.at(brokerUrl);
  await plant.ask("threshold.set", { reject: 1000 }); // every part passes: the dangerous state to die in
  await until("parts pass", () => plc.passing, PASS_MS);
  return { file, stateDir, daemon };
}

describe("a daemon that is killed -9 (promises.md R14)", () => {
  it(`leaves its outputs safe each of ${DEATHS} times, and comes back rejecting what it has not seen`, async () => {
    const plc = await EjectorPlc.start();
    const { file, stateDir, daemon: first } = await passingStation(plc);
    let daemon = first;
    for (let death = 1; death <= DEATHS; death += 1) {
      await sleep(death * 13); // at another moment of the cycle each time
      await until("a part passes", () => plc.passing, PASS_MS);
      const killedAt = performance.now();
      await daemon.die();
      await until("the ejector rejects", () => !plc.passing, 20_000);
      expect(plc.changes.at(-1)!.at - killedAt).toBeLessThan(SAFE_MS);
      if (death === DEATHS) break;

      const before = plc.changes.length;
      rmSync(join(stateDir, "starts.json")); // somebody has looked: else the fifth start judges nothing
      const startedAt = performance.now();
      daemon = new Daemon(file);
      await until("parts pass again", () => plc.passing, PASS_MS);
      // what was on the conveyor is unknown: nothing passes before a part can have come all the way
      expect(plc.changes[before]!.at - startedAt).toBeGreaterThan(TRACK.distanceMs - TRACK.leadMs);
    }
    const store = await open(join(stateDir, "assayd.db"), { maxMessages: 100_000 });
    const parts = await store.history("cam1", 1, 1e6, 1e6);
    await store.close();
    expect(parts.length).toBeGreaterThan(DEATHS);
    expect(parts.map(({ seq }) => seq)).toEqual(parts.map((_, index) => index + 1)); // no number twice, none left out
  }, 300_000);

  it("is found out by this test where the PLC does not watch the live sign", async () => {
    const plc = await EjectorPlc.start({ watches: false });
    const { daemon } = await passingStation(plc);
    await until("a part passes", () => plc.passing, PASS_MS);
    await daemon.die();
    await sleep(SAFE_MS);
    expect(plc.passing).toBe(true);
  }, 120_000);
});
