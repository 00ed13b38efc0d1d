import type { Region, Size } from "../../domain/inspection.ts";

/** Regions reported for one part. */
export const MAX_REGIONS = 16;

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  pixels: number;
  score: number;
}

/**
 * Bounding boxes of the connected areas (8 neighbours) of an anomaly map that are above the threshold.
 * @param map row-major, width * height values; NaN counts as not above
 * @returns the 16 largest by area, largest first; coordinates 0..1 of the map
 */
export function findRegions(
  map: { readonly size: Size; readonly values: Float32Array },
  threshold: number,
): Region[] {
  const { width, height } = map.size;
  const first = firstAbove(map.values, threshold);
  if (first < 0) return []; // most parts: nothing else is done for them
  const seen = new Uint8Array(width * height);
  const boxes: Box[] = [];
  for (let start = first; start < seen.length; start += 1) {
    if (!(map.values[start]! > threshold) || seen[start] === 1) continue;
    boxes.push(flood(map, { start, threshold, seen }));
  }
  boxes.sort((a, b) => b.pixels - a.pixels || b.score - a.score);
  return boxes.slice(0, MAX_REGIONS).map((box) => ({
    x: box.left / width,
    y: box.top / height,
    w: (box.right - box.left + 1) / width,
    h: (box.bottom - box.top + 1) / height,
    score: box.score,
    area: box.pixels / (width * height),
  }));
}

/** Index of the first value above; -1 if none is. A plain loop: `findIndex` takes ten times as long. */
function firstAbove(values: Float32Array, threshold: number): number {
  for (let at = 0; at < values.length; at += 1) if (values[at]! > threshold) return at;
  return -1;
}

/** Marks the area that `start` belongs to as seen and measures it. */
function flood(
  map: { readonly size: Size; readonly values: Float32Array },
  area: { readonly start: number; readonly threshold: number; readonly seen: Uint8Array },
): Box {
  const { width, height } = map.size;
  const box: Box = { left: width, top: height, right: 0, bottom: 0, pixels: 0, score: -Infinity };
  const open = [area.start];
  area.seen[area.start] = 1;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    grow(box, at % width, Math.floor(at / width));
    box.score = Math.max(box.score, map.values[at] ?? -Infinity);
    for (const neighbour of neighbours(at, width, height)) {
      if (area.seen[neighbour] === 1 || !isAbove(map.values, neighbour, area.threshold)) continue;
      area.seen[neighbour] = 1;
      open.push(neighbour);
    }
  }
  return box;
}

function grow(box: Box, x: number, y: number): void {
  box.left = Math.min(box.left, x);
  box.right = Math.max(box.right, x);
  box.top = Math.min(box.top, y);
  box.bottom = Math.max(box.bottom, y);
  box.pixels += 1;
}

function neighbours(at: number, width: number, height: number): number[] {
  const x = at % width;
  const y = Math.floor(at / width);
  const found: number[] = [];
  for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
    for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) found.push(ny * width + nx);
  }
  return found;
}

function isAbove(values: Float32Array, at: number, threshold: number): boolean {
  return (values[at] ?? Number.NaN) > threshold;
}
