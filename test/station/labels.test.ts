import { mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { evidenceSchema } from "../../src/config/history-schema.ts";
import type { Frame, Inspection } from "../../src/domain/inspection.ts";
import { readPicture } from "../../src/imaging/read-picture.ts";
import { StationLabels } from "../../src/station/labels.ts";
import { inspectionOf } from "../messaging/plant.ts";

const SIZE = { width: 32, height: 32 };
const recipe = { id: "bottle", number: 3, version: null, hash: null };

function frameOf(shade: number): Frame {
  return {
    id: "cam1-1",
    camera: "cam1",
    counter: 1,
    capturedAt: 0,
    clock: "pts",
    ...SIZE,
    data: new Uint8Array(32 * 32 * 3).fill(shade),
    simulated: true,
    truth: null,
  };
}

async function station() {
  const root = mkdtempSync(join(tmpdir(), "assayd-labels-"));
  const archiveDir = join(root, "evidence");
  mkdirSync(archiveDir);
  const config = evidenceSchema.parse({});
  const archive = new Archive({
    folder: archiveDir,
    config,
    logger: pino({ level: "silent" }),
    now: () => 1000,
  });
  await archive.start();
  const recorded: Inspection[] = [];
  const labels = new StationLabels({
    archive,
    archiveDir,
    history: (camera, from, to) =>
      Promise.resolve(
        recorded.filter((part) => part.camera === camera && part.seq >= from && part.seq <= to),
      ),
    geometry: () => ({ crop: { top: 0, bottom: 0, left: 64, right: 0 }, size: SIZE }),
    datasetsDir: join(root, "datasets"),
    challengeDir: join(root, "challenge"),
  });
  const files = (folder: string): string[] => {
    try {
      return readdirSync(join(root, folder, "bottle"));
    } catch {
      return [];
    }
  };
  return { archive, labels, recorded, files, root };
}

/** 128×128: black on the left half, which the camera's crop takes away, white on the right. */
function halves(): Promise<Uint8Array> {
  const pixels = Buffer.alloc(128 * 128 * 3);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = Math.floor(at / 3) % 128 < 64 ? 0 : 255;
  return sharp(pixels, { raw: { width: 128, height: 128, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

describe("StationLabels", () => {
  it("keeps the very frame of a part that was rejected lately: good as a normal, bad as a challenge, null as neither", async () => {
    const { labels, files, root } = await station();
    const part = inspectionOf(7, { verdict: "NG", recipe });
    labels.remember(part, frameOf(77));
    expect(await labels.label(part.inspectionId, "good", "anna")).toBeNull();
    expect(files("datasets")).toEqual([`label-${part.inspectionId}.png`]);
    const kept = await readPicture(join(root, "datasets/bottle", `label-${part.inspectionId}.png`), SIZE);
    expect(kept.every((value) => value === 77)).toBe(true);

    await labels.label(part.inspectionId, "bad", "anna");
    expect([files("datasets"), files("challenge")]).toEqual([[], [`${part.inspectionId}.png`]]);
    expect(await labels.challenge("bottle")).toMatchObject([{ id: part.inspectionId }]);
    await labels.label(part.inspectionId, null, "anna");
    expect([files("datasets"), files("challenge")]).toEqual([[], []]);
  });

  it("makes it of the evidence, cropped and scaled, where the frame is gone, and tells the label before", async () => {
    const { archive, labels, recorded, root } = await station();
    const part = inspectionOf(8, { verdict: "NG", recipe });
    recorded.push(part);
    const jpeg = await halves();
    archive.offer({ inspection: part, kind: "frame", fetch: () => Promise.resolve(jpeg) });
    await archive.settled();
    expect(await labels.label(part.inspectionId, "bad", "anna")).toBeNull();
    const kept = await readPicture(join(root, "challenge/bottle", `${part.inspectionId}.png`), SIZE);
    expect(Math.min(...kept)).toBeGreaterThan(240); // the black half was cropped away
    expect((await archive.find(part.inspectionId)).label).toMatchObject({ label: "bad", by: "anna" });
    expect(await labels.label(part.inspectionId, "good", "bert")).toBe("bad");
  });

  it("refuses a part of which nothing is kept, and what is no inspection id", async () => {
    const { labels } = await station();
    await expect(labels.label(inspectionOf(9).inspectionId, "bad", "anna")).rejects.toThrow(
      /No picture of .* is kept/,
    );
    await expect(labels.label("../../etc/passwd", "bad", "anna")).rejects.toThrow(/no inspection id/);
  });

  it("remembers fewer rejects of large pictures: 32 MiB in all", async () => {
    const { labels } = await station();
    const parts = Array.from({ length: 4 }, (_, seq) => inspectionOf(seq, { verdict: "NG", recipe }));
    const large = { ...frameOf(1), width: 2048, height: 2048, data: new Uint8Array(2048 * 2048 * 3) };
    for (const part of parts) labels.remember(part, large);
    await expect(labels.label(parts[1]?.inspectionId ?? "", "bad", "x")).rejects.toThrow(/No picture/);
    expect(await labels.label(parts[2]?.inspectionId ?? "", "bad", "x")).toBeNull();
  });

  it("remembers the newest 64 rejects, and no good parts", async () => {
    const { labels } = await station();
    const parts = Array.from({ length: 70 }, (_, seq) => inspectionOf(seq, { verdict: "NG", recipe }));
    for (const part of parts) labels.remember(part, frameOf(1));
    const good = inspectionOf(99, { verdict: "OK", recipe });
    labels.remember(good, frameOf(1));
    await expect(labels.label(parts[0]?.inspectionId ?? "", "bad", "x")).rejects.toThrow(/No picture/);
    await expect(labels.label(good.inspectionId, "bad", "x")).rejects.toThrow(/No picture/);
    expect(await labels.label(parts[69]?.inspectionId ?? "", "bad", "x")).toBeNull();
  });
});
