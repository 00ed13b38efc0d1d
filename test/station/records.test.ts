import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import type { CameraLine } from "../../src/inspection/camera-line.ts";
import { StationRecords } from "../../src/station/records.ts";
import type { ResultContext } from "../../src/messaging/result-payload.ts";
import type { Messenger } from "../../src/messaging/messenger.ts";
import { inspectionOf } from "../messaging/plant.ts";
import { frameOf } from "../inspection/lane-fixture.ts";

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);

async function records(stateDir: string) {
  const delivered: { readonly seq: number; readonly context: ResultContext; readonly hasPicture: boolean }[] =
    [];
  const asked: string[] = [];
  const messenger = {
    deliver: ({ seq }: { seq: number }, context: ResultContext, picture: object | null) =>
      delivered.push({ seq, context, hasPicture: picture !== null }),
    store: { makeRoom: () => Promise.resolve(0) },
  };
  const camera = {
    evidence: (id: string) => {
      asked.push(id);
      return Promise.resolve(JPEG);
    },
  };
  const own = new StationRecords({
    config: configSchema.parse({
      station: { stateDir },
      evidence: { okShare: 0 },
      history: { reserveBytes: 0 },
    }),
    folder: join(stateDir, "evidence"),
    messenger: messenger as unknown as Messenger,
    models: { manifest: () => null },
    gauges: {
      marginOf: (recipe, bundleId, score, threshold) =>
        recipe === "default" && bundleId === "bundle-1" ? ((score ?? 0) - (threshold ?? 0)) / 0.05 : null,
    },
    line: () => ({ camera }) as unknown as Pick<CameraLine, "camera">,
    logger: pino({ level: "silent" }),
    now: () => 1000,
  });
  await own.start();
  onTestFinished(() => own.stop());
  return { own, delivered, asked };
}

const folder = (): string => mkdtempSync(join(tmpdir(), "assayd-records-"));

it("delivers every part with its margin, and asks for the pictures of those that were not OK", async () => {
  const { own, delivered, asked } = await records(folder());
  const map = { size: { width: 2, height: 2 }, values: new Float32Array(4) };
  own.record(inspectionOf(1), { frame: frameOf(1), map: null });
  own.record(inspectionOf(2, { verdict: "NG", score: 0.75 }), { frame: frameOf(2), map });
  own.record(inspectionOf(3, { verdict: "ERR", score: null, bundleId: null }), { frame: null, map: null });
  await own.archive.settled();
  expect(delivered.map(({ seq, context }) => [seq, context.marginSigma])).toEqual([
    [1, -5],
    [2, 5],
    [3, undefined],
  ]);
  expect(delivered.map(({ hasPicture }) => hasPicture)).toEqual([true, true, false]);
  expect(asked).toEqual([frameOf(2).id]);
  expect(own.stats).toMatchObject({ written: 2, failed: 0, disk: "well" });
});

it("goes on without pictures where their folder cannot be made", async () => {
  const file = join(folder(), "file");
  writeFileSync(file, "");
  const { own, delivered } = await records(join(file, "state"));
  own.record(inspectionOf(1, { verdict: "NG" }), { frame: frameOf(1), map: null });
  await own.archive.settled();
  expect(delivered).toHaveLength(1);
  expect(own.stats).toMatchObject({ written: 0, failed: 1 });
});
