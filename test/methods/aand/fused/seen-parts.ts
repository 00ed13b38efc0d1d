import { createRandom, normal } from "../../../../src/graph/random.ts";
import { tf } from "../../../../src/graph/tf.ts";
import type { FeatureBatches, Level, StageBatch } from "../../../../src/methods/method.ts";
import type { PictureMap } from "../../../contract/run-network.ts";

/** Tiny features that a teacher could have given, with or without a planted anomaly. */

export const LEVELS: readonly Level[] = [
  { level: 1, shape: { c: 6, h: 16, w: 16 } },
  { level: 2, shape: { c: 8, h: 8, w: 8 } },
  { level: 3, shape: { c: 12, h: 4, w: 4 } },
];
export const SIDE = 64;
export const MAP_SIZE = { width: SIDE, height: SIDE };

/** A part as the teacher sees it: one map a level, finest first. */
export interface SeenPart {
  readonly features: readonly PictureMap[];
  /** The planted anomaly, in pixels of the picture; null: the part is good. */
  readonly box: Box | null;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** The same for all parts: what makes them the same product. */
const PATTERNS = LEVELS.map(({ level, shape: { c, h, w } }) => {
  const random = createRandom(100 + level);
  return Float32Array.from({ length: c * h * w }, () => normal(random));
});

/** Parts of the pattern and a little noise; `spoiled` ones have channels moved in a box of half the picture's side. */
export function seenParts(count: number, seed: number, content: "good" | "spoiled"): SeenPart[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, part) => {
    const place = (at: number): number => 16 * (at % 3);
    const box = content === "good" ? null : { left: place(part), top: place(part >> 1), side: 32 };
    const features = LEVELS.map(({ shape }, at) => {
      const data = PATTERNS[at]!.map((value) => value + 0.2 * normal(random));
      if (box) spoil({ shape, data }, box);
      return { shape, data };
    });
    return { features, box };
  });
}

function spoil({ shape: { c, h, w }, data }: PictureMap, { left, top, side }: Box): void {
  const scale = h / SIDE;
  for (let channel = 0; channel < c; channel++)
    for (let y = top * scale; y < (top + side) * scale; y++)
      for (let x = left * scale; x < (left + side) * scale; x++)
        data[(channel * h + y) * w + x]! += channel % 2 === 0 ? 1.5 : -1.5;
}

/** The same parts with something else in this box on each, as strong as it is different. */
export function withNoise(parts: readonly SeenPart[], box: Box): SeenPart[] {
  const random = createRandom(9);
  return parts.map((part, at) => ({
    ...part,
    features: part.features.map(({ shape: { c, h, w }, data }) => ({
      shape: { c, h, w },
      data: data.map((value, index) => {
        const place = index % (h * w);
        const pixel = ((Math.floor(place / w) * SIDE) / h) * SIDE + ((place % w) * SIDE) / w;
        return isInside(box, pixel) ? value + 4 * at * normal(random) : value;
      }),
    })),
  }));
}

/** As the feature file gives them, [n, H, W, C] a level, four parts at a time, as often as asked. */
export function batchesOf(parts: readonly SeenPart[]): FeatureBatches {
  return {
    async *[Symbol.asyncIterator]() {
      for (let start = 0; start < parts.length; start += 4)
        yield await Promise.resolve(recordsOf(parts.slice(start, start + 4)));
    },
  };
}

function recordsOf(parts: readonly SeenPart[]): Float32Array[] {
  return LEVELS.map(({ shape: { c, h, w } }, level) =>
    Float32Array.from({ length: parts.length * c * h * w }, (_, at) => {
      const [part, place, channel] = [Math.floor(at / (c * h * w)), Math.floor(at / c) % (h * w), at % c];
      return parts[part]!.features[level]!.data[channel * h * w + place]!;
    }),
  );
}

/** All parts as one batch of training, masks where any is spoiled; the caller disposes it with `disposeBatch`. */
export function stageBatch(parts: readonly SeenPart[]): StageBatch {
  const features = recordsOf(parts).map((record, at) => {
    const { c, h, w } = LEVELS[at]!.shape;
    return tf.tensor4d(record, [parts.length, h, w, c]);
  });
  const isSpoiled = parts.some(({ box }) => box !== null);
  const masks = Float32Array.from({ length: parts.length * SIDE * SIDE }, (_, at) =>
    isInside(parts[Math.floor(at / SIDE ** 2)]!.box, at % SIDE ** 2) ? 1 : 0,
  );
  const mask = isSpoiled ? tf.tensor4d(masks, [parts.length, SIDE, SIDE, 1]) : null;
  return { features, mask, pictures: null, foreground: null, wide: 0 };
}

export function disposeBatch({ features, mask }: StageBatch): void {
  tf.dispose([...features, ...(mask ? [mask] : [])]);
}

/** @param pixel of the picture or the anomaly map, row-major */
export function isInside(box: Box | null, pixel: number): boolean {
  if (box === null) return false;
  const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
  return x >= box.left && x < box.left + box.side && y >= box.top && y < box.top + box.side;
}

export const highest = (map: Float32Array): number =>
  map.reduce((best, value) => Math.max(best, value), -Infinity);
