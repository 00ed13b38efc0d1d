import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { timesOf } from "../../src/commands/report/station-history.ts";
import { PART_COLUMNS } from "../../src/reports/part-columns.ts";
import { shiftCsv } from "../../src/reports/shift-csv.ts";
import { shiftPage } from "../../src/reports/shift-page.ts";
import { shiftReport, type ShiftReport } from "../../src/reports/shift-report.ts";
import { HistoryReader } from "../../src/store/history-reader.ts";
import type { Store } from "../../src/store/store.ts";
import { eventOf, folder, open, rowOf, TestClock } from "../store/store-fixture.ts";

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const START = Date.UTC(2026, 0, 15, 6);

/** A line with two cameras, of which cam1 had a bad hour; the store stays open, as a daemon's. */
async function station(): Promise<{ stateDir: string; store: Store }> {
  const stateDir = folder();
  const clock = new TestClock();
  const store = await open(join(stateDir, "assayd.db"), clock.options);
  onTestFinished(() => store.close());
  const event = (kind: string, camera: string | null, data: object): void => {
    const row = eventOf(kind);
    store.append([{ ...row, payload: JSON.stringify({ kind, camera, data }) }]);
  };
  event("model.promoted", "cam1", { by: "anna", model_id: "bundle-1" });
  for (let seq = 1; seq <= 100; seq += 1) {
    clock.pass(1000);
    const ms = { ...rowOf(1).inspection!.times, totalMs: seq };
    const bad = { verdict: "ERR", action: "reject", score: null, times: ms } as const;
    const changes =
      seq % 10 === 0
        ? { verdict: "NG" as const, times: ms }
        : seq === 55
          ? { ...bad, reason: "late" as const }
          : seq === 56
            ? { ...bad, reason: "not_ready" as const }
            : { times: ms };
    store.append([rowOf(seq, { ...changes, partId: `=P${seq}` })]);
    if (seq <= 20) store.append([rowOf(seq, { camera: "cam2", times: ms, bundleId: "bundle-2" })]);
    if (seq === 50) event("camera.state", "cam1", { state: "stalled", code: "stalled" });
    if (seq === 52) event("camera.state", "cam1", { state: "failed", code: "pipeline-error" });
    if (seq === 53) event("camera.state", "cam1", { state: "opening", code: "opening" });
    if (seq === 60) event("camera.state", "cam1", { state: "playing", code: "playing" });
    if (seq === 70) event("line.halted", "cam2", { by: "plc" });
    await store.flush(5000);
  }
  store.ejected({ camera: "cam1", seq: 10, outcome: "failed", at: clock.wallMs, errorMs: null });
  await store.flush(5000);
  return { stateDir, store };
}

function reportOf(stateDir: string, from: number, to: number): ShiftReport {
  const history = new HistoryReader(join(stateDir, "assayd.db"));
  onTestFinished(() => {
    history.close();
  });
  const range = { from, to };
  return shiftReport(range, history.parts(range, null), history.events(range), START + 100_000);
}

describe("a shift report", () => {
  it("counts parts, errors, latency, faults, stoppages and changes, while the daemon has the file open", async () => {
    const { stateDir } = await station();
    const report = reportOf(stateDir, START, START + 3_600_000);
    const [cam1, cam2] = report.cameras;
    expect(cam1).toMatchObject({
      camera: "cam1",
      parts: 100,
      verdicts: { OK: 88, NG: 10, WARN: 0, ERR: 2 },
      errors: { late: 1, not_ready: 1 },
      late: 1,
      missed: 1,
      ejectionsFailed: 1,
      recipes: { bolts: 100 },
      models: { "bundle-1": 100 },
      cameraFaults: { count: 1, totalMs: 10_000, codes: { stalled: 1 } },
      stoppages: { count: 0 },
    });
    expect(cam1?.yield).toBeCloseTo(88 / 98, 12);
    const { p50Ms, p95Ms, p99Ms, maxMs } = cam1!.latency;
    for (const [found, exact] of [
      [p50Ms, 50],
      [p95Ms, 95],
      [p99Ms, 99],
    ])
      expect(found! / exact!).toBeCloseTo(1, 1);
    expect(maxMs).toBe(100);
    expect(cam2).toMatchObject({ parts: 20, yield: 1, stoppages: { count: 1, totalMs: 30_000 } });
    expect(report.total).toMatchObject({
      camera: null,
      parts: 120,
      stoppages: { count: 1 },
      cameraFaults: { count: 1 },
    });
    expect(report.changes).toEqual([{ at: START, camera: "cam1", kind: "model.promoted", by: "anna" }]);
  });

  it("counts what was wrong before its time from its beginning, and what ended before not at all", () => {
    const told = [
      { at: 10, kind: "camera.state", camera: "cam1", data: { state: "stalled", code: "stalled" } },
      { at: 20, kind: "camera.state", camera: "cam1", data: { state: "playing", code: "playing" } },
      { at: 30, kind: "line.halted", camera: "cam1", data: { by: "plc" } },
      { at: 40, kind: "line.halted", camera: "cam2", data: { by: "plc" } },
      { at: 1500, kind: "line.started", camera: "cam1", data: { by: "plc" } },
      { at: 1800, kind: "station.started", camera: null, data: {} },
    ];
    const { cameras, changes } = shiftReport({ from: 1000, to: 2000 }, [], told, 3000);
    expect(cameras.map(({ stoppages }) => stoppages)).toEqual([
      { count: 1, totalMs: 500, codes: { "line.halted": 1 } },
      { count: 1, totalMs: 800, codes: { "line.halted": 1 } },
    ]);
    expect(cameras[0]?.cameraFaults).toEqual({ count: 0, totalMs: 0, codes: {} });
    expect(changes.map(({ kind }) => kind)).toEqual(["station.started"]);
    const still = shiftReport({ from: 1000, to: 2000 }, [], told.slice(0, 4), 3000);
    expect(still.total.stoppages).toMatchObject({ count: 2, totalMs: 2000 });
  });

  it("names changes of the configuration, and a change by command once", () => {
    const by = "anna";
    const told = [
      { kind: "command.done", data: { command: "threshold.set", by } },
      { kind: "threshold.set", data: { by } },
      { kind: "command.done", data: { command: "config.set", by } },
      { kind: "command.refused", data: { command: "config.set", by } },
    ].map((event, at) => ({ ...event, at, camera: null }));
    const { changes } = shiftReport({ from: 0, to: 10 }, [], told, 10);
    expect(changes.map(({ at, kind }) => [at, kind])).toEqual([
      [1, "threshold.set"],
      [2, "config.set"],
    ]);
  });

  it("of a time without parts says so, without a division by zero", async () => {
    const { stateDir } = await station();
    const { total } = reportOf(stateDir, 0, 1000);
    expect(total).toMatchObject({ parts: 0, yield: null, latency: { p50Ms: null, maxMs: null } });
  });

  it("as CSV and as a page: one line a camera; names are text", async () => {
    const { stateDir, store } = await station();
    store.append(
      [rowOf(1, { camera: "cam3" })].map((row) => ({ ...row, recipe: "<script>alert(1)</script>" })),
    );
    await store.flush(5000);
    const report = reportOf(stateDir, START, START + 3_600_000);
    const lines = shiftCsv(report).trimEnd().split("\r\n");
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain(
      "2026-01-15T06:00:00.000Z,2026-01-15T07:00:00.000Z,cam1,100,88,10,0,2,0.898,1,1,1,",
    );
    expect(lines[4]).toContain(",all,121,");
    const page = shiftPage(report, "<b>station</b>");
    expect(page).not.toContain("<script>");
    expect(page).toContain("&lt;script&gt;");
    expect(page).not.toMatch(/https?:/);
  });
});

describe("assayd report and export, as commands", () => {
  const assayd = (...args: string[]) =>
    run(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args]);

  it("report shift, report audit and export say the same as the store, in every form", async () => {
    const { stateDir } = await station();
    const place = ["--state-dir", stateDir, "--from", "2026-01-15T06:00:00Z", "--to", "2026-01-15T08:00:00Z"];
    const [text, audit, csv] = await Promise.all([
      assayd("report", "shift", ...place),
      assayd("report", "audit", "--state-dir", stateDir, "--verify"),
      assayd("export", ...place, "--camera", "cam1"),
    ]);
    expect(text.stdout).toMatch(/cam1 +100 +88 +10 +0 +2 +89\.80 %/);
    expect(text.stdout).toMatch(/all +120/);
    expect(audit.stdout).toMatch(/^whole: 6 entries, 1 to 6; head [0-9a-f]{64}$/m);
    const rows = csv.stdout.split("\r\n");
    expect(rows).toHaveLength(102);
    expect(rows[0]).toBe(PART_COLUMNS.map(({ name }) => name).join(","));
    expect(rows[1]).toContain(",'=P1,");
  }, 60_000);

  it("end with exit code 1 where the trail was changed, and with words where nothing is to be read", async () => {
    const { stateDir, store } = await station();
    await store.close();
    const database = new DatabaseSync(join(stateDir, "assayd.db"));
    database.exec("UPDATE audit SET body = replace(body, 'anna', 'eve!') WHERE id = 1");
    database.close();
    await expect(assayd("report", "audit", "--state-dir", stateDir, "--verify")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/NOT as it was written.*\n {2}entry 1 was changed/) as string,
    });
    const refused = async (words: RegExp, ...args: string[]): Promise<void> => {
      await expect(assayd(...args)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(words) as string,
      });
    };
    await Promise.all([
      refused(/There is no history at .*nowhere/, "export", "--state-dir", "/nowhere"),
      refused(
        /There is no shift "noon"\. Known: early, late, night/,
        "report",
        "shift",
        "--state-dir",
        stateDir,
        "--shift",
        "noon",
      ),
    ]);
  }, 60_000);
});

describe("times on the command line", () => {
  const now = Date.UTC(2026, 0, 15, 8);

  it("ISO 8601 or a duration up to now; nothing said is nothing meant", () => {
    expect(timesOf({ from: "2026-01-15T06:00:00Z" }, now)).toEqual({ from: START, to: now });
    expect(timesOf({ last: "2h" }, now)).toEqual({ from: START, to: now });
    expect(timesOf({}, now)).toBeNull();
  });

  it("are refused with the form that was expected", () => {
    expect(() => timesOf({ last: "soon" }, now)).toThrow(/--last soon: expected e\.g\. 90m, 8h or 2d/);
    expect(() => timesOf({ last: "8h", from: "2026-01-15" }, now)).toThrow(
      /neither --from nor --to beside it/,
    );
    expect(() => timesOf({ from: "yesterday" }, now)).toThrow(/--from yesterday: expected ISO 8601/);
    expect(() => timesOf({ from: "2026-01-16" }, now)).toThrow(/--from 2026-01-16 is not before --to now/);
  });
});
