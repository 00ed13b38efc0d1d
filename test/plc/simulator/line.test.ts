import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { MACHINE_FILES } from "../../../src/config/config-files.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { rejectSchema } from "../../../src/config/reject-schema.ts";
import { planLine, type ModbusReject } from "../../../src/plc/simulator/line-plan.ts";
import { SimulatedLine, type LineOptions } from "../../../src/plc/simulator/line.ts";
import type { LineSummary } from "../../../src/plc/simulator/line-summary.ts";
import type { LineRun } from "../../../src/plc/simulator/line-table.ts";
import { freePort, startSmallStation, type SmallStationOptions } from "./small-station.ts";

/** Slow enough that a loaded machine is late for no part. */
const RATE = 2.5;

async function rejectsOf(cameras: number): Promise<ModbusReject[]> {
  const port = await freePort();
  return Array.from({ length: cameras }, (_, coil) =>
    rejectSchema.parse({
      kind: "modbus",
      host: "127.0.0.1",
      port,
      coil,
      heartbeat: { kind: "register", address: 100 + coil },
      track: { kind: "time", distanceMs: 900, leadMs: 60, pulseMs: 60 },
      lateMs: 300,
    }),
  ) as ModbusReject[];
}

async function runLine(
  cameras: number,
  judge: SmallStationOptions["judge"],
  options: Partial<LineOptions> & { readonly parts: number; readonly manners?: "rude" },
): Promise<LineSummary> {
  const rejects = await rejectsOf(cameras);
  const station = await startSmallStation({ rejects, judge });
  onTestFinished(() => station.stop());
  const line = new SimulatedLine(
    {
      ...planLine({ station: { host: "127.0.0.1", port: station.port }, rejects, speedMmPerS: 500 }),
      mode: "buffered",
      partMm: 5,
      jitter: 0.1,
      stops: false,
      scanMs: 5,
      seed: 1,
      ...options,
    },
    () => performance.now(),
  );
  onTestFinished(() => line.stop());
  await line.start();
  const { signal } = new AbortController();
  await line.ready(signal);
  return line.run({
    partsPerSecond: RATE,
    parts: options.parts,
    manners: options.manners ?? "polite",
    signal,
    onProgress: () => undefined,
  });
}

const everyThirdBad: SmallStationOptions["judge"] = (tag) => ({
  verdict: tag % 3 === 0 ? "NG" : "OK",
  afterMs: 20,
});

it.each(["buffered", "handshake"] as const)("accounts for every part of two cameras (%s)", async (mode) => {
  const summary = await runLine(2, everyThirdBad, { mode, parts: 6 });
  expect(summary).toMatchObject({
    parts: 6,
    triggered: 12,
    answeredOnce: 12,
    ok: 8,
    ng: 4,
    unaccounted: 0,
    escaped: 0,
    missed: 0,
    lostResults: 0,
  });
  expect(summary.passed + summary.rejected).toBe(6);
  expect(summary.rejected).toBeGreaterThanOrEqual(2);
});

it("finds the parts that a station lets by although they are bad", async () => {
  const summary = await runLine(1, () => ({ verdict: "NG", afterMs: 20, output: "pass" }), { parts: 4 });
  expect(summary).toMatchObject({ ng: 4, unaccounted: 0 });
  expect(summary.escaped).toBe(summary.passed);
  expect(summary.escaped).toBeGreaterThan(0);
});

it("finds the trigger that a station does not answer", async () => {
  const summary = await runLine(1, (tag) => (tag === 2 ? null : { verdict: "OK", afterMs: 20 }), {
    parts: 4,
  });
  expect(summary).toMatchObject({ answeredOnce: 3, unanswered: 1, unaccounted: 1, escaped: 0 });
});

it("lets no bad part by while its program is rude", async () => {
  const summary = await runLine(1, everyThirdBad, { parts: 12, manners: "rude", seed: 4 });
  expect(summary).toMatchObject({ parts: 12, escaped: 0, unaccounted: 0 });
});

it("says in words what keeps the line from running", async () => {
  const rejects = await rejectsOf(1);
  const nobody = { host: "127.0.0.1", port: await freePort() };
  let now = 0;
  const line = new SimulatedLine(
    {
      ...planLine({ station: nobody, rejects, speedMmPerS: 500 }),
      mode: "buffered",
      partMm: 5,
      jitter: 0,
      stops: false,
      scanMs: 5,
      seed: 1,
    },
    () => (now += 1000),
  );
  onTestFinished(() => line.stop());
  await line.start();
  await expect(line.ready(new AbortController().signal)).rejects.toThrow(
    /cannot be reached|does not say Ready/,
  );
});

it("refuses outputs that do not belong to one PLC, and a line without outputs", async () => {
  const [first, second] = await rejectsOf(2);
  const station = { host: "127.0.0.1", port: 1502 };
  const plan = (rejects: readonly ModbusReject[]) => planLine({ station, rejects, speedMmPerS: 500 });
  expect(() => plan([first!, { ...second!, restingState: "pass" }])).toThrow(/must be the same/);
  expect(() => plan([])).toThrow(/no camera with a Modbus output/);
  const nearer = { ...second!, track: { ...second!.track, distanceMs: 400 } } as ModbusReject;
  expect(plan([first!, nearer]).places).toEqual([
    { cameraMm: 20, ejectorMm: 470 },
    { cameraMm: 270, ejectorMm: 470 },
  ]);
});

it("takes the line from the example of a station's configuration", () => {
  const { plc, cameras } = loadConfig("config/line.yaml", {}, MACHINE_FILES);
  expect(plc.modbus.enabled).toBe(true);
  const rejects = cameras.map(({ reject }) => reject as ModbusReject);
  const plan = planLine({ station: plc.modbus, rejects, speedMmPerS: 500 });
  expect(plan).toMatchObject({ units: [1, 2], energised: "pass", restingState: "reject" });
  expect(plan.coils.ejectors).toEqual([
    { unit: 1, coil: 0, heartbeat: { kind: "register", address: 100, everyMs: 100 } },
    { unit: 1, coil: 1, heartbeat: { kind: "register", address: 101, everyMs: 100 } },
  ]);
});

const assayd = promisify(execFile);

it("is the acceptance test at the command line: a table, an object, and the exit code", async () => {
  const rejects = await rejectsOf(1);
  const station = await startSmallStation({ rejects, judge: everyThirdBad });
  onTestFinished(() => station.stop());
  const args = [
    "simulate",
    "plc",
    "--station",
    `127.0.0.1:${station.port}`,
    "--coils",
    `127.0.0.1:${rejects[0]!.port}`,
  ];
  const shape = [
    "--distance-ms",
    "900",
    "--lead-ms",
    "60",
    "--pulse-ms",
    "60",
    "--rate",
    `${RATE}`,
    "--parts",
    "3",
  ];
  const { stdout, stderr } = await assayd("scripts/assayd", [...args, ...shape, "--json"]);
  const { passed, runs } = JSON.parse(stdout) as { passed: boolean; runs: LineRun[] };
  expect(passed).toBe(true);
  expect(runs).toMatchObject([{ partsPerSecond: RATE, parts: 3, unaccounted: 0, escaped: 0 }]);
  expect(stderr).toMatch(/escaped \(must be 0\) +0/);

  await station.stop();
  const silent = await startSmallStation({ rejects, judge: () => null });
  onTestFinished(() => silent.stop());
  args[3] = `127.0.0.1:${silent.port}`;
  const failed = assayd("scripts/assayd", [...args, ...shape, "--json"]);
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('"passed":false') as string,
  });
}, 60_000);
