import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { trainedState } from "../e2e/quick-state.ts";
import { Plant } from "../e2e/test-station.ts";
import { until } from "../messaging/plant.ts";
import { Daemon, daemonConfig } from "./daemon.ts";
import { EjectorPlc } from "./ejector-plc.ts";

const [LIBRARY] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
/** As libfaketime reads them, and the year that results must then bear. */
const CLOCKS = [
  ["+3600s", null],
  ["-3600s", null],
  ["1970-01-02 00:01:00", 1970],
  ["2038-01-20 03:14:00", 2038],
  ["+0s", null],
] as const;
const LINE = { source: { kind: "simulated", fps: 10, defectShare: 0 }, deadlineMs: 2000 } as const;
const PARTS = 15;

describe.skipIf(LIBRARY === undefined)(
  "a wall clock that is set while a whole station inspects (promises.md R21; needs libfaketime)",
  () => {
    it("makes no part late, lost or rejected; parts keep their order and their place on the conveyor; each step is told", async () => {
      const plc = await EjectorPlc.start();
      const stateDir = await trainedState();
      const clock = join(stateDir, "clock");
      writeFileSync(clock, "+0s\n");
      const { file, brokerUrl } = await daemonConfig(stateDir, { ...LINE, reject: plc.reject });
      const daemon = new Daemon(file, {
        LD_PRELOAD: LIBRARY ?? "",
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      });
      await daemon.up();
      const plant = await Plant.at(brokerUrl);
      await plant.ask("threshold.set", { reject: 1000 });
      await plant.more(5, ({ action }) => action === "pass");
      await until("parts pass", () => plc.passing, 60_000);
      const from = plant.results().at(-1)?.seq ?? 0;

      for (const [time, year] of CLOCKS) {
        const steps = clockSteps(plant).length;
        writeFileSync(clock, `${time}\n`);
        await until(`the step to ${time} is told`, () => clockSteps(plant).length > steps, 30_000);
        const results = await plant.more(PARTS);
        const last = results.at(-1)!;
        if (year !== null) expect(new Date(last.times.trigger_ts).getUTCFullYear()).toBe(year);
        const windows = plc.changes.length; // the ejector still opens: parts are where they were
        await until(`parts pass after ${time}`, () => plc.changes.length > windows + 2, 30_000);
      }
      expect(await daemon.end("SIGTERM")).toBe(0);

      const results = plant.results().filter(({ seq }) => seq > from);
      expect(results.map(({ seq }) => seq)).toEqual(results.map((_, index) => from + 1 + index));
      const wrong = results.filter(({ reason, action }) => reason !== "score" || action !== "pass");
      expect(wrong.map(({ seq, reason, detail }) => `${seq} ${reason} ${detail ?? ""}`)).toEqual([]);
      expect(results.filter(({ historical }) => historical)).toEqual([]);
      for (const { times } of results) expect(times.total_ms).toBeLessThanOrEqual(LINE.deadlineMs);
    }, 240_000);
  },
);

function clockSteps(plant: Plant): readonly unknown[] {
  return plant.heard.json("event").filter(({ kind }) => kind === "clock.step");
}
