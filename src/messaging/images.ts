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
const DRAWN_PX = 384; // on a side: colours are laid on in the main process, which must not stop for more than a few ms

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

/** The frame, made smaller where it is large, with the anomaly map over it: the hotter, the more of the colour. @throws DeliveryError as above */
export async function renderOverlay(
  frame: RgbPicture,
  map: MapPicture,
  scale: Scale,
  options: PictureOptions,
): Promise<Buffer> {
  return encodePicture(overlayPixels(await smaller(frame), map, scale), options);
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

/** Turbo colours of the map, at the map's size, a large one at less (nearest value). */
export function heatmapPixels({ size, values }: MapPicture, scale: Scale): RgbPicture {
  const { width, height } = drawnSize(size);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const mapRow = Math.floor((y * size.height) / height) * size.width;
    for (let x = 0; x < width; x += 1) {
      const index = colourIndex(values[mapRow + Math.floor((x * size.width) / width)] ?? 0, scale);
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel += 1) data[at + channel] = TURBO[index * 3 + channel] ?? 0;
    }
  }
  return { width, height, data };
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

/** Of at most 384 pixels a side, made so in a thread of libvips. */
async function smaller(frame: RgbPicture): Promise<RgbPicture> {
  const { width, height } = drawnSize(frame);
  if (width === frame.width && height === frame.height) return frame;
  const raw = { width: frame.width, height: frame.height, channels: 3 } as const;
  const resized = sharp(frame.data, { raw }).resize(width, height, { fit: "fill" });
  return { width, height, data: await resized.raw().toBuffer() };
}

function drawnSize({ width, height }: Size): Size {
  const share = Math.min(1, DRAWN_PX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** 0 to 255; NaN and what is below `low` is 0. */
function colourIndex(value: number, { low, high }: Scale): number {
  const position = (value - low) / (high - low);
  if (!(position > 0)) return 0;
  return Math.min(255, Math.round(position * 255));
}
