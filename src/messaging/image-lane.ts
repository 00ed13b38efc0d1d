import type { Logger } from "pino";
import type { ImagesConfig } from "../config/schema.ts";
import type { Frame, Inspection } from "../domain/inspection.ts";
import type { Publication } from "./client.ts";
import { encodePicture, renderHeatmap, renderOverlay, type MapPicture, type Scale } from "./images.ts";
import { isoMicros } from "./result-payload.ts";
import { TokenBucket } from "./token-bucket.ts";
import { cameraTopics, type ImageKind } from "./topics.ts";

/** What there is to draw of one inspection. */
export interface InspectionPicture {
  readonly frame: Frame;
  /** Null where the part was not scored. */
  readonly map: MapPicture | null;
  readonly scale: Scale;
}

export interface ImageLaneOptions {
  readonly root: string;
  readonly images: ImagesConfig;
  readonly connected: () => boolean;
  readonly publish: (message: Publication) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Thumbnails for people: QoS 0, rate- and size-limited, one at a time a camera, dropped rather than queued, and never
 * waited for by the verdict's path.
 */
export class ImageLane {
  readonly #options: ImageLaneOptions;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #busy = new Set<string>();
  #published = 0;
  #dropped = 0;

  constructor(options: ImageLaneOptions) {
    this.#options = options;
  }

  get published(): number {
    return this.#published;
  }

  /** Pictures that were wanted but not sent: too many, no connection, or still drawing the one before. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Begins to draw and publish, if the configuration wants it and the rate allows it.
   * @returns the topics that will carry the pictures; empty if none will
   */
  offer(
    inspection: Inspection,
    picture: InspectionPicture,
  ): readonly { readonly kind: ImageKind; readonly topic: string }[] {
    const { images, root, connected } = this.#options;
    const kinds = this.#wanted(inspection, picture);
    if (kinds.length === 0) return [];
    const { camera } = inspection;
    const free = connected() && !this.#busy.has(camera);
    if (!free || !this.#bucket(camera, images.maxPerSecond).take(performance.now())) {
      this.#dropped += kinds.length;
      return [];
    }
    void this.#publishAll(kinds, inspection, picture);
    return kinds.map((kind) => ({ kind, topic: cameraTopics(root, camera).image(kind) }));
  }

  /**
   * Publishes the picture of a camera now, not counted against the rate (command `snapshot`).
   * @returns topic and size @throws DeliveryError without a connection
   */
  async snapshot(frame: Frame): Promise<{ readonly topic: string; readonly bytes: number }> {
    const { root, images, publish } = this.#options;
    const topic = cameraTopics(root, frame.camera).image("frame");
    const payload = await encodePicture(frame, images);
    const userProperties = { frame_id: frame.id, ts: isoMicros(frame.capturedAt) };
    await publish({
      topic,
      payload,
      qos: 0,
      retain: false,
      contentType: `image/${images.format}`,
      userProperties,
    });
    return { topic, bytes: payload.length };
  }

  #wanted({ verdict }: Inspection, { map }: InspectionPicture): ImageKind[] {
    const { images } = this.#options;
    if (images.when === "ng" && verdict === "OK") return [];
    const kinds: ImageKind[] = ["heatmap", "overlay", "frame"];
    return kinds.filter((kind) => images[kind] && (kind === "frame" || map !== null));
  }

  #bucket(camera: string, perSecond: number): TokenBucket {
    const bucket = this.#buckets.get(camera) ?? new TokenBucket(perSecond, Math.max(1, perSecond));
    this.#buckets.set(camera, bucket);
    return bucket;
  }

  async #publishAll(
    kinds: readonly ImageKind[],
    inspection: Inspection,
    picture: InspectionPicture,
  ): Promise<void> {
    const { root, images, publish, logger } = this.#options;
    const { camera, inspectionId, seq, times, verdict } = inspection;
    const ts = isoMicros(times.capturedAt ?? times.triggeredAt);
    const userProperties = { inspection_id: inspectionId, seq: String(seq), ts, verdict };
    this.#busy.add(camera);
    for (const kind of kinds) {
      try {
        const payload = await draw(kind, picture, images);
        const topic = cameraTopics(root, camera).image(kind);
        await publish({
          topic,
          payload,
          qos: 0,
          retain: false,
          contentType: `image/${images.format}`,
          userProperties,
        });
        this.#published += 1;
      } catch (error) {
        this.#dropped += 1;
        logger.debug({ camera, kind, err: error }, "picture not published");
      }
    }
    this.#busy.delete(camera);
  }
}

function draw(
  kind: ImageKind,
  { frame, map, scale }: InspectionPicture,
  images: ImagesConfig,
): Promise<Buffer> {
  if (kind === "frame" || map === null) return encodePicture(frame, images);
  if (kind === "heatmap") return renderHeatmap(map, scale, images);
  return renderOverlay(frame, map, scale, images);
}
