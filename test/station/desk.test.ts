import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { MACHINE_FILES } from "../../src/config/config-files.ts";
import { evidenceSchema } from "../../src/config/history-schema.ts";
import { loadConfig } from "../../src/config/load.ts";
import { statePaths } from "../../src/config/paths.ts";
import { stationDesk } from "../../src/station/desk.ts";
import type { StudyStatus } from "../../src/station/studies/studies.ts";
import { inspectionOf } from "../messaging/plant.ts";
import { testLine } from "../inspection/line-fixture.ts";

function desk(configured: "with-file" | "without-file") {
  const stateDir = mkdtempSync(join(tmpdir(), "assayd-desk-"));
  const configFile = join(stateDir, "assayd.yaml");
  writeFileSync(configFile, "station: {name: st1, stateDir: .}\n");
  mkdirSync(join(stateDir, "recipes"));
  writeFileSync(join(stateDir, "recipes/can.yaml"), "number: 4\n");
  const config = loadConfig(configFile, {}, MACHINE_FILES);
  const test = testLine();
  const told: StudyStatus[] = [];
  const archiveDir = join(stateDir, "evidence");
  const own = stationDesk({
    config,
    configFile: configured === "with-file" ? configFile : null,
    env: {},
    files: MACHINE_FILES,
    stateDir,
    paths: statePaths(stateDir),
    archive: new Archive({
      folder: archiveDir,
      config: evidenceSchema.parse({}),
      logger: pino({ level: "silent" }),
      now: () => 1000,
    }),
    archiveDir,
    store: { history: () => Promise.resolve([]) },
    line: () => test.line,
    activeBundles: () => [],
    onStudy: (status) => told.push(status),
    newId: () => "1",
    now: () => 1000,
  });
  return { own, test, told };
}

describe("stationDesk", () => {
  it("challenges the active model with the parts that people labelled bad", async () => {
    const { own, test, told } = desk("with-file");
    await test.line.load("/bundles/b1", "b1", { reject: 0.4, warn: null });
    const part = inspectionOf(5, {
      verdict: "NG",
      recipe: { id: "default", number: 0, version: null, hash: null },
    });
    const size = { width: 32, height: 32 };
    own.labels.remember(part, {
      id: "cam1-5",
      camera: "cam1",
      counter: 5,
      capturedAt: 0,
      clock: "pts",
      ...size,
      data: new Uint8Array(32 * 32 * 3),
      simulated: true,
      truth: null,
    });
    await own.labels.label(part.inspectionId, "bad", "anna");
    for (const score of [0.5, 0.3]) {
      test.inspector.score = score;
      await own.studies.startChallenge("cam1", "anna");
      await own.studies.finished;
    }
    const ended = told.filter(({ state }) => state === "completed").map(({ challenge }) => challenge);
    expect(ended).toMatchObject([
      { total: 1, caught: 1, missed: [] },
      { total: 1, caught: 0, missed: [{ id: part.inspectionId, score: 0.3 }] },
    ]);
  });

  it("backs up the configuration with its recipe files, and changes it", async () => {
    const { own } = desk("with-file");
    expect((await own.backups.write("settings")).entries).toBe(2);
    expect((await own.settings?.get("station.name"))?.value).toBe("st1");
  });

  it("has no settings to change where the station runs with defaults", () => {
    expect(desk("without-file").own.settings).toBeUndefined();
  });
});
