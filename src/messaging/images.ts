import sharp from "sharp";
import type { Size } from "../domain/inspection.ts";
import { DeliveryError } from "../domain/errors.ts";
import { TURBO } from "./turbo.ts";

sharp.cache(false); // each picture is made once; libvips' cache only grows
sharp.concurrency(1); // the cores belong to inference

const OVERLAY_OPACITY = 0.65; // of the hottest place
const SMALLEST_PX = 32;
const QUALITY_STEP = 0.75;
const QUALITY_FLOOR = 30;
const SCALE_STEP = 0.75;

/** Anomaly map: row-major, width*height values. */
export interface MapPicture {
  readonly size: Size;
  readonly values: Float32Array;
}

/** Values that become the lowest and highest colour. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

export interface PictureOptions {
  readonly format: "jpeg" | "webp";
  /** 1 to 100; lowered until the picture fits `maxBytes`. */
  readonly quality: number;
  readonly maxBytes: number;
}

/** RGB8, row-major, width*height*3 bytes. */
export interface RgbPicture extends Size {
  readonly data: Uint8Array;
}

/** The anomaly map in turbo colours, encoded. @throws DeliveryError if it cannot be made small enough */
export function renderHeatmap(map: MapPicture, scale: Scale, options: PictureOptions): Promise<Buffer> {
  return encodePicture(heatmapPixels(map, scale), options);
}

/** The frame with the anomaly map over it: the hotter, the more of the colour. @throws DeliveryError as above */
export function renderOverlay(
  frame: RgbPicture,
  map: MapPicture,
  scale: Scale,
  options: PictureOptions,
): Promise<Buffer> {
  return encodePicture(overlayPixels(frame, map, scale), options);
}

/**
 * JPEG or WebP of at most `maxBytes`: lowers quality first, then size.
 * @throws DeliveryError `image-too-large` if 32 pixels at the lowest quality are still above it
 */
export async function encodePicture(
  picture: RgbPicture,
  { format, quality, maxBytes }: PictureOptions,
): Promise<Buffer> {
  let step = quality;
  let { width, height } = picture;
  for (;;) {
    const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
    const resized = sharp(picture.data, { raw }).resize(width, height, { fit: "fill" });
    const encoded = await resized.toFormat(format, { quality: step }).toBuffer();
    if (encoded.length <= maxBytes) return encoded;
    if (step > QUALITY_FLOOR) {
      step = Math.max(QUALITY_FLOOR, Math.floor(step * QUALITY_STEP));
    } else if (Math.min(width, height) * SCALE_STEP >= SMALLEST_PX) {
      width = Math.floor(width * SCALE_STEP);
      height = Math.floor(height * SCALE_STEP);
    } else {
      const text = `A picture of ${width}x${height} still has ${encoded.length} bytes; images.maxBytes is ${maxBytes}. Raise it.`;
      throw new DeliveryError("image-too-large", text);
    }
  }
}

/** Turbo colours of the map, at the map's size. */
export function heatmapPixels({ size, values }: MapPicture, scale: Scale): RgbPicture {
  const data = new Uint8Array(size.width * size.height * 3);
  for (let pixel = 0; pixel < values.length; pixel += 1) {
    const colour = colourIndex(values[pixel] ?? 0, scale) * 3;
    data.set(TURBO.subarray(colour, colour + 3), pixel * 3);
  }
  return { ...size, data };
}

/** The frame blended with the map's colours (nearest value where the sizes differ), at the frame's size. */
export function overlayPixels(frame: RgbPicture, { size, values }: MapPicture, scale: Scale): RgbPicture {
  const data = new Uint8Array(frame.data.length);
  for (let y = 0; y < frame.height; y += 1) {
    const mapRow = Math.floor((y * size.height) / frame.height) * size.width;
    for (let x = 0; x < frame.width; x += 1) {
      const index = colourIndex(values[mapRow + Math.floor((x * size.width) / frame.width)] ?? 0, scale);
      const opacity = (OVERLAY_OPACITY * index) / 255;
      const at = (y * frame.width + x) * 3;
      for (let channel = 0; channel < 3; channel += 1) {
        const below = frame.data[at + channel] ?? 0;
        data[at + channel] = below + opacity * ((TURBO[index * 3 + channel] ?? 0) - below);
      }
    }
  }
  return { width: frame.width, height: frame.height, data };
}

/** 0 to 255; NaN and what is below `low` is 0. */
function colourIndex(value: number, { low, high }: Scale): number {
  const position = (value - low) / (high - low);
  if (!(position > 0)) return 0;
  return Math.min(255, Math.round(position * 255));
}
