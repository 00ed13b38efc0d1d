import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { ImagesConfig } from "../config/schema.ts";
import type { Frame, Inspection } from "../domain/inspection.ts";
import type { Publication } from "./client.ts";
import { encodePicture, renderHeatmap, renderOverlay, type MapPicture, type Scale } from "./images.ts";
import { isoMicros } from "./result-payload.ts";
import type { PictureMessage } from "./schemas/camera.ts";
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

/** A picture that will come, as a result names it. */
export interface OfferedPicture {
  readonly kind: ImageKind;
  readonly topic: string;
  readonly meta: string;
}

/** What a picture shows, before it is encoded. */
type Subject = Pick<PictureMessage, "inspection_id" | "frame_id" | "seq" | "ts" | "verdict">;

/**
 * Thumbnails for people: QoS 0, rate- and size-limited, one at a time a camera, dropped rather than queued, and never
 * waited for by the verdict's path. What a picture shows is in its MQTT 5 properties, and for MQTT 3.1.1 in a message on
 * `…/meta` just before it, with the picture's sha256.
 */
export class ImageLane {
  readonly #options: ImageLaneOptions;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #busy = new Set<string>();
  /** Retained pictures by camera: sent again on every connect. */
  readonly #lastNg = new Map<string, readonly Publication[]>();
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
   * @returns the pictures that will come; empty if none will
   */
  offer(inspection: Inspection, picture: InspectionPicture): readonly OfferedPicture[] {
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
    const topics = cameraTopics(root, camera);
    return kinds.map((kind) => ({ kind, topic: topics.image(kind), meta: topics.imageMeta(kind) }));
  }

  /**
   * Publishes the picture of a camera now, not counted against the rate (command `snapshot`).
   * @returns topic and size @throws DeliveryError without a connection
   */
  async snapshot(frame: Frame): Promise<{ readonly topic: string; readonly bytes: number }> {
    const payload = await encodePicture(frame, this.#options.images);
    const ts = isoMicros(frame.capturedAt);
    const subject = { inspection_id: null, frame_id: frame.id, seq: null, ts, verdict: null };
    const messages = this.#messages("frame", frame.camera, payload, subject);
    for (const message of messages) await this.#options.publish(message);
    return { topic: cameraTopics(this.#options.root, frame.camera).image("frame"), bytes: payload.length };
  }

  /** Sends the retained pictures again: a broker may have lost them. */
  republish(): void {
    for (const messages of this.#lastNg.values()) {
      for (const message of messages) this.#options.publish(message).catch(() => undefined); // the next connect sends them again
    }
  }

  #wanted({ verdict }: Inspection, { map }: InspectionPicture): ImageKind[] {
    const { images } = this.#options;
    const isShown = images.when === "all" || verdict !== "OK";
    const kinds: ImageKind[] = [];
    if (isShown && images.heatmap && map !== null) kinds.push("heatmap");
    if (isShown && images.overlay && map !== null) kinds.push("overlay");
    if (isShown && images.frame) kinds.push("frame");
    if (images.lastNg && verdict === "NG") kinds.push("last_ng");
    return kinds;
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
    const { images, publish, logger } = this.#options;
    const { camera, inspectionId, frameId, seq, times, verdict } = inspection;
    const ts = isoMicros(times.capturedAt ?? times.triggeredAt);
    const subject = { inspection_id: inspectionId, frame_id: frameId, seq, ts, verdict };
    this.#busy.add(camera);
    for (const kind of kinds) {
      try {
        const messages = this.#messages(kind, camera, await draw(kind, picture, images), subject);
        if (kind === "last_ng") this.#lastNg.set(camera, messages);
        for (const message of messages) await publish(message);
        this.#published += 1;
      } catch (error) {
        this.#dropped += 1;
        logger.debug({ camera, kind, err: error }, "picture not published");
      }
    }
    this.#busy.delete(camera);
  }

  /** The picture, and before it what it shows. */
  #messages(kind: ImageKind, camera: string, payload: Buffer, subject: Subject): readonly Publication[] {
    const { root, images } = this.#options;
    const topics = cameraTopics(root, camera);
    const contentType = `image/${images.format}` as const;
    const sha256 = createHash("sha256").update(payload).digest("hex");
    const meta: PictureMessage = {
      ...subject,
      topic: topics.image(kind),
      content_type: contentType,
      bytes: payload.length,
      sha256,
    };
    const known = Object.entries({ ...subject, sha256 }).filter(([, value]) => value !== null);
    const userProperties = Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
    const quality = { qos: 0, retain: kind === "last_ng" } as const;
    return [
      { topic: topics.imageMeta(kind), payload: JSON.stringify(meta), ...quality },
      { topic: topics.image(kind), payload, ...quality, contentType, userProperties },
    ];
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
