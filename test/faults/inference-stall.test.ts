import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { trainedState } from "../e2e/quick-state.ts";
import { expectOneAnswerEach, Plant, startStation } from "../e2e/test-station.ts";
import { until } from "../messaging/plant.ts";
import { EjectorPlc } from "./ejector-plc.ts";

const DEADLINE_MS = 300;
const LINE = {
  source: { kind: "simulated", fps: 25, defectShare: 0 },
  trigger: { kind: "rate", partsPerSecond: 20 },
  frameMode: "latest",
  maxFrameAgeMs: 2000,
  deadlineMs: DEADLINE_MS,
} as const;
/** Of the main process's own timers on a busy machine; the promise is 5 ms on one that is not. */
const TIMER_MS = 250;
const STALL_MS = 2000;

describe("the inference process hangs (SIGSTOP) while 20 parts/s come (promises.md R13)", () => {
  it("each part is answered once, by its deadline; late answers are not applied, and no unjudged part passes the ejector", async () => {
    const plc = await EjectorPlc.start();
    const test = await startStation({
      stateDir: await trainedState(),
      camera: { ...LINE, reject: plc.reject },
    });
    const plant = await Plant.at(test.station.brokerUrl);
    await plant.ask("threshold.set", { reject: 1000 }); // every judged part passes
    const line = test.station.line("cam1");
    const passed = () => test.verdicts.filter(({ action }) => action === "pass").length;
    await until("parts pass", () => passed() >= 20 && plc.passing, 60_000);

    const { pid } = line.inspector.status;
    const before = test.verdicts.length;
    process.kill(pid ?? 0, "SIGSTOP");
    await sleep(STALL_MS);
    const stalled = test.verdicts.slice(before);
    process.kill(pid ?? 0, "SIGCONT"); // its late answers come now
    const after = passed();
    await until("parts pass again", () => passed() > after + 20, 60_000);
    await sleep(1000); // the newest parts come to the ejector
    await test.station.stop();

    expect(stalled.filter(({ reason }) => reason === "late" || reason === "overrun").length).toBeGreaterThan(
      (STALL_MS / 1000) * 5,
    );
    for (const { verdict, action, reason, score, times } of test.verdicts) {
      expect(times.totalMs).toBeLessThan(DEADLINE_MS + TIMER_MS);
      if (reason === "score") expect(times.totalMs).toBeLessThanOrEqual(DEADLINE_MS);
      else expect([verdict, action, score]).toEqual(["ERR", "reject", null]);
    }
    const rejected = test.verdicts.filter(({ action }) => action === "reject");
    const slipped = rejected.filter(({ times }) => plc.letPass(times));
    expect(slipped.map(({ seq, reason }) => `${seq} ${reason}`)).toEqual([]);
    const good = test.verdicts.filter(({ action }) => action === "pass");
    expect(good.some(({ times }) => plc.letPass(times))).toBe(true); // it can tell
    await until("all results", () => plant.results().at(-1)?.seq === line.lastSeq);
    expectOneAnswerEach(plant.results(), test);
  }, 240_000);
});
