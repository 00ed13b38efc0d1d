import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { Archive, type ArchiveOptions } from "../../src/archive/archive.ts";
import { classOf, dayOf, fileNameOf, parseFileName } from "../../src/archive/evidence-name.ts";
import { evidenceSchema } from "../../src/config/history-schema.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import { uuid7 } from "../../src/domain/uuid7.ts";
import { inspectionOf } from "../messaging/plant.ts";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 1, 3);
const JPEG = Buffer.alloc(1000, 7);

/** A part of a day, with an id whose random part is `share` of the way through its range. */
function part(seq: number, changes: Partial<Inspection> = {}, day = 0, share = 0.5): Inspection {
  const random = Buffer.alloc(10);
  random.writeUIntBE(Math.floor(share * (2 ** 48 - 1)), 4, 6);
  return inspectionOf(seq, { inspectionId: uuid7(START + day * DAY_MS + seq, random), ...changes });
}

async function archive(settings: object = {}, changes: Partial<ArchiveOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "assayd-archive-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const config = evidenceSchema.parse(settings);
  const options = { folder, config, logger: pino({ level: "silent" }), now: () => START, ...changes };
  const opened = new Archive(options);
  await opened.start();
  return { archive: opened, folder, options };
}

const offerOf = (inspection: Inspection, jpeg: Uint8Array | null = JPEG) => ({
  inspection,
  kind: "frame" as const,
  fetch: () => Promise.resolve(jpeg),
});

describe("names", () => {
  it("say all, and come back", () => {
    const { inspectionId } = part(7);
    const name = { inspectionId, camera: "cam1", seq: 7, class: "ng", kind: "heatmap" } as const;
    expect(parseFileName(fileNameOf(name))).toEqual(name);
    expect(dayOf(inspectionId)).toBe("2026-02-03");
    for (const file of ["a.jpg", `${inspectionId}.label.json`, `../${fileNameOf(name)}`])
      expect(parseFileName(file)).toBeNull();
  });

  it("class by verdict; of OK parts the share that is asked for", () => {
    expect(["NG", "WARN", "ERR"].map((verdict) => classOf(part(1, { verdict: verdict as "NG" }), 0))).toEqual(
      ["ng", "ng", "err"],
    );
    expect(classOf(part(1, {}, 0, 0.049), 0.05)).toBe("ok");
    expect(classOf(part(1, {}, 0, 0.051), 0.05)).toBeNull();
    expect(classOf(part(1, {}, 0, 1), 1)).toBe("ok");
    expect(classOf(part(1, {}, 0, 0), 0)).toBeNull();
  });
});

describe("Archive", () => {
  it("keeps the pictures of a part by day, finds them by its id, also after a restart", async () => {
    const { archive: kept, options } = await archive();
    const ng = part(5, { verdict: "NG" });
    expect(kept.offer(offerOf(ng))).toBe(true);
    expect(kept.offer({ ...offerOf(ng), kind: "heatmap" })).toBe(true);
    expect(kept.offer(offerOf(part(6)))).toBe(false);
    await kept.settled();
    const again = new Archive(options);
    await again.start();
    const path = `2026-02-03/${ng.inspectionId}.cam1.5.ng`;
    expect(await again.find(ng.inspectionId)).toEqual({
      files: [
        { kind: "frame", class: "ng", path: `${path}.frame.jpg` },
        { kind: "heatmap", class: "ng", path: `${path}.heatmap.jpg` },
      ],
      label: null,
    });
    expect(again.stats.bytes).toEqual({ ng: 2000, err: 0, ok: 0, training: 0 });
    expect(await again.find(part(9).inspectionId)).toEqual({ files: [], label: null });
  });

  it("never lets an id be a path", async () => {
    const { archive: kept } = await archive();
    for (const id of ["../../etc/passwd", "", "x".repeat(36), "2026-02-03"])
      await expect(kept.find(id)).rejects.toMatchObject({ code: "bad-inspection-id" });
  });

  it("drops and counts what comes too fast, what the camera lost, and what fails", async () => {
    const { archive: kept } = await archive({ maxWaiting: 3 });
    const offers = [1, 2, 3, 4, 5].map((seq) =>
      kept.offer(offerOf(part(seq, { verdict: "NG" }), seq === 2 ? null : JPEG)),
    );
    expect(offers).toEqual([true, true, true, false, false]);
    await kept.settled();
    kept.offer({
      ...offerOf(part(6, { verdict: "NG" })),
      fetch: () => {
        throw new Error("camera gone");
      },
    });
    await kept.settled();
    expect(kept.stats).toMatchObject({ written: 2, dropped: 2, failed: 2, waiting: 0 });
    kept.pause();
    expect(kept.offer(offerOf(part(7, { verdict: "NG" })))).toBe(false);
    kept.resume();
    expect(kept.offer(offerOf(part(8, { verdict: "NG" })))).toBe(true);
    await kept.settled();
    expect(kept.stats).toMatchObject({ written: 3, dropped: 3 });
  });

  it("lets the oldest of a class give way to newer ones, and no other class", async () => {
    const { archive: kept, folder } = await archive({ maxBytes: { ng: 10_000 } });
    kept.offer(offerOf(part(1, { verdict: "ERR" })));
    for (let seq = 2; seq <= 40; seq += 1) {
      kept.offer(offerOf(part(seq, { verdict: "NG" }, Math.floor(seq / 8))));
      await kept.settled();
    }
    expect(kept.stats.bytes.ng).toBeLessThanOrEqual(10_000);
    expect(kept.stats.bytes.ng).toBeGreaterThanOrEqual(8000);
    expect(kept.stats.bytes.err).toBe(1000);
    const files = readdirSync(folder, { recursive: true }).map(String);
    const seqs = files.flatMap((file) => parseFileName(file.split("/").at(-1) ?? "")?.seq ?? []);
    expect(seqs.sort((a, b) => a - b).slice(0, 2)).toEqual([1, 32]);
    expect(readdirSync(folder).sort()).toEqual(["2026-02-03", "2026-02-07", "2026-02-08"]); // empty days are gone
  });

  it("makes room: sampled good parts first, what people labelled last", async () => {
    const { archive: kept } = await archive({ okShare: 1 });
    const labelled = part(1, { verdict: "NG" });
    const all = [labelled, part(2, { verdict: "ERR" }), part(3, { verdict: "NG" }), part(4)];
    for (const inspection of all) kept.offer(offerOf(inspection));
    await kept.settled();
    await kept.label(labelled.inspectionId, "bad", "anna");
    expect(await kept.makeRoom(1500)).toBe(2000);
    expect(kept.stats.bytes).toEqual({ ng: 1000, err: 0, ok: 0, training: 1000 });
    expect(await kept.makeRoom(5000)).toBe(2000);
    expect(await kept.makeRoom(1)).toBe(0);
    expect(await kept.find(labelled.inspectionId)).toEqual({ files: [], label: null });
  });

  it("keeps a label with who gave it, and takes it back", async () => {
    const { archive: kept } = await archive();
    const { inspectionId } = part(5, { verdict: "NG" });
    kept.offer(offerOf(part(5, { verdict: "NG" })));
    await kept.settled();
    await kept.label(inspectionId, "bad", "anna");
    const evidence = await kept.label(inspectionId, "good", "ben");
    expect(evidence.files).toMatchObject([{ class: "training" }]);
    expect(evidence.label).toEqual({ label: "good", by: "ben", at: "2026-02-03T00:00:00.000Z", was: "ng" });
    expect(kept.stats.bytes).toMatchObject({ ng: 0, training: 1000 });
    const back = await kept.label(inspectionId, null, "ben");
    expect(back).toMatchObject({ files: [{ class: "ng" }], label: null });
    await expect(kept.label(part(6).inspectionId, "bad", "ben")).rejects.toThrow(
      /No picture of .* is kept.*okShare/,
    );
  });

  it("removes what a crash left half written, and leaves strangers alone", async () => {
    const { folder, options } = await archive();
    mkdirSync(join(folder, "2026-02-03"));
    const half = join(folder, "2026-02-03", `${part(1).inspectionId}.cam1.1.ng.frame.jpg.tmp`);
    writeFileSync(half, "");
    writeFileSync(join(folder, "2026-02-03", "notes.txt"), "mine");
    const again = new Archive(options);
    await again.start();
    again.offer(offerOf(part(2, { verdict: "NG" })));
    await again.settled();
    await again.makeRoom(1e9);
    expect(readdirSync(join(folder, "2026-02-03"))).toEqual(["notes.txt"]);
  });
});
