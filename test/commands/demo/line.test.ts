import { expect, it } from "vitest";
import { lineConfig } from "../../../src/commands/demo/line-config.ts";
import { lineSummaryText } from "../../../src/commands/demo/line-summary-text.ts";
import { summarize } from "../../../src/commands/demo/summary.ts";
import { planLine, type ModbusReject } from "../../../src/plc/simulator/line-plan.ts";
import { emptyLedger } from "../../../src/plc/simulator/ledger.ts";
import { summarizeLine } from "../../../src/plc/simulator/line-summary.ts";
import type { LineRun } from "../../../src/plc/simulator/line-table.ts";

const CONFIG = lineConfig({
  stateDir: "/tmp/line",
  inputSize: 256,
  product: "gear",
  brokerPort: 1883,
  plcPort: 1502,
  coilsPort: 1503,
});

it("configures two cameras before one ejector, as the simulated PLC expects them", () => {
  const rejects = CONFIG.cameras.map(({ reject }) => reject as ModbusReject);
  const { places, units, coils, window } = planLine({
    station: { host: "127.0.0.1", port: CONFIG.plc.modbus.port },
    rejects,
    speedMmPerS: 500,
  });
  expect(units).toEqual([1, 2]);
  expect(coils.ejectors.map(({ coil }) => coil)).toEqual([0, 1]);
  expect(places).toEqual([
    { cameraMm: 20, ejectorMm: 320 },
    { cameraMm: 20, ejectorMm: 320 },
  ]);
  expect(window).toEqual({ kind: "time", leadMs: 15, pulseMs: 20 });
  expect(
    CONFIG.cameras.map(({ trigger, source }) => [trigger.kind, "product" in source && source.product]),
  ).toEqual([
    ["plc", "gear"],
    ["plc", "gear"],
  ]);
});

const pictures = summarize([], { trainSeconds: 80, firstVerdictSeconds: 90 });
const run = (changes: Partial<LineRun>): LineRun => ({
  ...summarizeLine(emptyLedger(2), {
    restingState: "reject",
    toleranceMs: 50,
    unreadIsNormal: false,
    counts: { missed: 0, lostResults: 0 },
  }),
  partsPerSecond: 5,
  manners: "polite",
  ...changes,
});

it("tells the operator, the controls engineer and quality what each wants to know", () => {
  const outputErrorMs = { p50: 0.4, p99: 2.5, max: 4 };
  const line = { passed: true, runs: [run({ parts: 10, passed: 7, rejected: 3, outputErrorMs })] };
  const judged = {
    ...pictures,
    knownBad: 6,
    knownGood: 14,
    caughtShare: 1,
    falseRejectShare: 0.05,
    imageAuroc: 0.98,
  };
  const text = lineSummaryText({ line, pictures: judged });
  expect(text).toContain("10 parts, 7 passed, 3 rejected");
  expect(text).toContain("Every part is accounted for, none escaped.");
  expect(text).toContain("moved 0.4 / 2.5 / 4.0 ms from its moment");
  expect(text).toContain("of 6 pictures of bad parts 100.0 % rejected, of 14 good ones 5.0 %");
});

it("does not hide an escape, and says so where no part came", () => {
  const line = { passed: false, runs: [run({ parts: 10, passed: 8, rejected: 2, escaped: 1 })] };
  expect(lineSummaryText({ line, pictures })).toContain("DO NOT SHIP");
  expect(lineSummaryText({ line: null, pictures })).toBe("\nNo part came.");
});
