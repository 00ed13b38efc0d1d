import { createHash } from "node:crypto";
import { interpolateTurbo } from "d3-scale-chromatic";
import { pino } from "pino";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { imagesSchema } from "../../src/config/schema.ts";
import type { Frame } from "../../src/domain/inspection.ts";
import type { Publication } from "../../src/messaging/client.ts";
import { ImageLane } from "../../src/messaging/image-lane.ts";
import {
  encodePicture,
  heatmapPixels,
  overlayPixels,
  renderHeatmap,
  renderOverlay,
} from "../../src/messaging/images.ts";
import { TURBO } from "../../src/messaging/turbo.ts";
import { pictureSchema } from "../../src/messaging/schemas/camera.ts";
import { inspectionOf, ROOT, until } from "./plant.ts";

const size = { width: 64, height: 64 };
const map = { size, values: Float32Array.from({ length: 64 * 64 }, (_, index) => index / 4096) };
const scale = { low: 0, high: 1 };
const noise = Uint8Array.from({ length: 256 * 256 * 3 }, (_, index) => (index * 2654435761) >>> 24);
const frame: Frame = {
  id: "cam1-1",
  camera: "cam1",
  counter: 1,
  capturedAt: 1_760_000_000_000,
  clock: "pts",
  width: 256,
  height: 256,
  data: noise,
  simulated: true,
  truth: null,
};

describe("pictures", () => {
  it("have the colours of d3's turbo", () => {
    const text = (index: number): string =>
      `rgb(${[...TURBO.subarray(index * 3, index * 3 + 3)].join(", ")})`;
    for (const index of [0, 1, 100, 255]) expect(text(index)).toBe(interpolateTurbo(index / 255));
  });

  it("show low as the first colour, high, above and NaN as what they are", () => {
    const values = Float32Array.from([-5, NaN, 1, 7]);
    const { data } = heatmapPixels({ size: { width: 4, height: 1 }, values }, scale);
    const first = [...TURBO.subarray(0, 3)];
    const last = [...TURBO.subarray(765)];
    expect([...data]).toEqual([...first, ...first, ...last, ...last]);
  });

  it("leave the frame as it is where the map is cold", () => {
    const cold = { size, values: new Float32Array(64 * 64) };
    expect(overlayPixels(frame, cold, scale).data).toEqual(noise);
  });

  it.each(["jpeg", "webp"] as const)("are %s of the map's and the frame's size", async (format) => {
    const options = { format, quality: 80, maxBytes: 200_000 };
    const heatmap = await sharp(await renderHeatmap(map, scale, options)).metadata();
    const overlay = await sharp(await renderOverlay(frame, map, scale, options)).metadata();
    expect([heatmap.format, heatmap.width, overlay.format, overlay.width]).toEqual([format, 64, format, 256]);
  });

  it("of large frames and maps are drawn at 384 pixels: more would hold up the main process", async () => {
    const large = { width: 1600, height: 800, data: new Uint8Array(1600 * 800 * 3).fill(128) };
    const wide = { size: { width: 1600, height: 800 }, values: new Float32Array(1600 * 800).fill(1) };
    const options = { format: "jpeg", quality: 80, maxBytes: 200_000 } as const;
    for (const jpeg of [
      await renderOverlay(large, wide, scale, options),
      await renderHeatmap(wide, scale, options),
    ]) {
      const { width, height } = await sharp(jpeg).metadata();
      expect([width, height]).toEqual([384, 192]);
    }
    expect([...heatmapPixels(wide, scale).data.subarray(-3)]).toEqual([...TURBO.subarray(765)]);
  });

  it("are made smaller until they fit, or refused in words", async () => {
    const small = await encodePicture(frame, { format: "jpeg", quality: 95, maxBytes: 4000 });
    expect(small.length).toBeLessThanOrEqual(4000);
    await expect(encodePicture(frame, { format: "jpeg", quality: 95, maxBytes: 100 })).rejects.toThrow(
      /images\.maxBytes is 100/,
    );
  });
});

describe("ImageLane", () => {
  function lane(changes: object = {}) {
    const sent: Publication[] = [];
    const publish = (message: Publication): Promise<void> => {
      sent.push(message);
      return Promise.resolve();
    };
    const images = imagesSchema.parse({ maxPerSecond: 2, ...changes });
    return {
      sent,
      lane: new ImageLane({
        root: ROOT,
        images,
        connected: () => true,
        publish,
        logger: pino({ level: "silent" }),
      }),
    };
  }

  it("publishes heatmap and overlay of a rejected part with its id, raw and typed", async () => {
    const { sent, lane: images } = lane();
    const inspection = inspectionOf(3, { verdict: "NG" });
    const offered = images.offer(inspection, { frame, map, scale });
    expect(offered.map(({ kind }) => kind)).toEqual(["heatmap", "overlay"]);
    expect(offered[0]).toMatchObject({ meta: `${ROOT}/cam/cam1/image/heatmap/meta` });
    await until("two pictures", () => sent.length === 4);
    expect(sent[1]).toMatchObject({
      topic: `${ROOT}/cam/cam1/image/heatmap`,
      qos: 0,
      contentType: "image/jpeg",
      userProperties: { inspection_id: inspection.inspectionId, seq: "3", verdict: "NG" },
    });
  });

  it("says just before each picture what it shows, for MQTT 3.1.1, with the picture's sha256", async () => {
    const { sent, lane: images } = lane();
    const inspection = inspectionOf(4, { verdict: "NG" });
    images.offer(inspection, { frame, map, scale });
    await until("two pictures", () => sent.length === 4);
    for (const at of [0, 2]) {
      const [meta, picture] = [sent[at], sent[at + 1]];
      const said = pictureSchema.parse(JSON.parse(String(meta?.payload)));
      expect(meta?.topic).toBe(`${picture?.topic}/meta`);
      expect(said).toMatchObject({ inspection_id: inspection.inspectionId, seq: 4, topic: picture?.topic });
      expect(said.sha256).toBe(
        createHash("sha256")
          .update(picture?.payload ?? "")
          .digest("hex"),
      );
    }
  });

  it("keeps the last rejected part's overlay on a retained topic if asked to, and sends it again", async () => {
    const { sent, lane: images } = lane({ lastNg: true, heatmap: false, overlay: false });
    images.offer(inspectionOf(1), { frame, map, scale });
    images.offer(inspectionOf(2, { verdict: "WARN" }), { frame, map, scale });
    expect(sent).toEqual([]);
    images.offer(inspectionOf(3, { verdict: "NG" }), { frame, map, scale });
    await until("picture", () => sent.length === 2);
    expect(sent[1]).toMatchObject({ topic: `${ROOT}/cam/cam1/image/last_ng`, retain: true, qos: 0 });
    images.republish();
    expect(sent.slice(2)).toEqual(sent.slice(0, 2));
  });

  it("lets good parts pass without a picture, and no more than the rate", async () => {
    const { sent, lane: images } = lane();
    expect(images.offer(inspectionOf(1), { frame, map, scale })).toEqual([]);
    for (let seq = 2; seq < 20; seq += 1) {
      images.offer(inspectionOf(seq, { verdict: "NG" }), { frame, map, scale });
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await until("pictures", () => sent.length >= 4);
    expect(images.published).toBeLessThanOrEqual(6);
    expect(images.dropped).toBeGreaterThan(20);
  });
});
