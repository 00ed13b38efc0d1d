import type { Size } from "../../domain/inspection.ts";
import { between, wholeBetween, type Random } from "./chance.ts";
import { createPerlin } from "./perlin.ts";

/** A point of the picture, pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lengths below are for a picture of this many pixels and grow with it. */
const NOMINAL = 256;

/** A crack or scratch: a random walk of 2 to 6 straight pieces, 1 to 5 pixels thick. */
export function polylineMask(size: Size, start: Point, random: Random): Uint8Array {
  const unit = Math.min(size.width, size.height) / NOMINAL;
  const mask = new Uint8Array(size.width * size.height);
  const halfWidth = Math.max(0.6, unit * 0.5 * between(random, 1, 5));
  let angle = between(random, 0, 2 * Math.PI);
  let from = start;
  for (let piece = wholeBetween(random, 2, 6); piece > 0; piece--) {
    const length = unit * between(random, 6, 30);
    const to = { x: from.x + Math.cos(angle) * length, y: from.y + Math.sin(angle) * length };
    fillWhere(
      mask,
      size,
      around(from, to, halfWidth),
      (x, y) => distanceToPiece(x, y, from, to) <= halfWidth,
    );
    from = to;
    angle += between(random, -0.9, 0.9);
  }
  return mask;
}

/** A spot or patch: an ellipse with an uneven edge, or a turned rectangle; 3 to 36 pixels of radius, small ones likelier. */
export function blobOrBoxMask(size: Size, centre: Point, random: Random): Uint8Array {
  const unit = Math.min(size.width, size.height) / NOMINAL;
  const long = unit * 3 * 12 ** random();
  const short = Math.max(1, long * between(random, 0.3, 1));
  const angle = between(random, 0, Math.PI);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const isBox = random() < 0.4;
  const uneven = createPerlin(8, 8, random);
  const roughness = isBox ? 0 : between(random, 0, 0.6);
  const mask = new Uint8Array(size.width * size.height);
  const reach = long * 1.5;
  fillWhere(mask, size, around(centre, centre, reach), (x, y) => {
    const right = ((x - centre.x) * cos + (y - centre.y) * sin) / long;
    const down = ((y - centre.y) * cos - (x - centre.x) * sin) / short;
    if (isBox) return Math.abs(right) <= 1 && Math.abs(down) <= 1;
    const edge =
      1 + roughness * uneven(3 + 1.5 * ((x - centre.x) / reach + 1), 3 + 1.5 * ((y - centre.y) / reach + 1));
    return right * right + down * down <= edge * edge;
  });
  return mask;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function around(a: Point, b: Point, margin: number): Box {
  return {
    left: Math.min(a.x, b.x) - margin,
    right: Math.max(a.x, b.x) + margin,
    top: Math.min(a.y, b.y) - margin,
    bottom: Math.max(a.y, b.y) + margin,
  };
}

function fillWhere(
  mask: Uint8Array,
  size: Size,
  box: Box,
  isInside: (x: number, y: number) => boolean,
): void {
  const right = Math.min(size.width - 1, Math.ceil(box.right));
  const bottom = Math.min(size.height - 1, Math.ceil(box.bottom));
  for (let y = Math.max(0, Math.floor(box.top)); y <= bottom; y++) {
    for (let x = Math.max(0, Math.floor(box.left)); x <= right; x++) {
      if (isInside(x, y)) mask[y * size.width + x] = 1;
    }
  }
}

function distanceToPiece(x: number, y: number, from: Point, to: Point): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const share = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
  const nearest = Math.min(1, Math.max(0, share));
  return Math.hypot(x - from.x - nearest * dx, y - from.y - nearest * dy);
}
