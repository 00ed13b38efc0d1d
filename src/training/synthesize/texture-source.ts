import type { Size } from "../../domain/inspection.ts";
import type { Random } from "./chance.ts";

/** Gives the colour at pixel (x, y): writes 0..255 (may be beyond) into the three numbers of `out`. */
export type Sampler = (x: number, y: number, out: Float32Array) => void;

/** Where foreign textures come from: each call gives another one. Only the pixels of an anomaly are ever asked for. */
export interface TextureSource {
  next(size: Size, random: Random): Sampler;
}

/** Reads an RGB8 picture at any point, bilinear, mirrored beyond its edges. */
export function pictureSampler(picture: Uint8Array, { width, height }: Size): Sampler {
  return (x, y, out) => {
    const left = Math.floor(x);
    const top = Math.floor(y);
    const right = x - left;
    const down = y - top;
    const row0 = mirror(top, height) * width;
    const row1 = mirror(top + 1, height) * width;
    const column0 = mirror(left, width);
    const column1 = mirror(left + 1, width);
    for (let c = 0; c < 3; c++) {
      const upper = at(picture, row0 + column0, c) * (1 - right) + at(picture, row0 + column1, c) * right;
      const lower = at(picture, row1 + column0, c) * (1 - right) + at(picture, row1 + column1, c) * right;
      out[c] = upper * (1 - down) + lower * down;
    }
  };
}

function at(picture: Uint8Array, pixel: number, channel: number): number {
  return picture[pixel * 3 + channel]!;
}

function mirror(position: number, length: number): number {
  const period = 2 * length;
  const wrapped = ((position % period) + period) % period;
  return wrapped < length ? wrapped : period - 1 - wrapped;
}
