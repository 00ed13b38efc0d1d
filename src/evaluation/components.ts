import type { Size } from "../domain/inspection.ts";

/** Connected parts of a mask. */
export interface Components {
  /** Per pixel: 0 outside, else the component's number from 1. */
  readonly labels: Int32Array;
  /** Pixels of each component; that of number k is at k − 1. */
  readonly sizes: readonly number[];
}

/** Finds the 8-connected components of a 0/1 mask (diagonal neighbours belong together), numbered in reading order. */
export function findComponents(mask: Uint8Array, size: Size): Components {
  const labels = new Int32Array(mask.length);
  const stack: number[] = [];
  const sizes: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || labels[start] !== 0) continue;
    labels[start] = sizes.length + 1;
    stack.push(start);
    sizes.push(fill(mask, size, labels, stack));
  }
  return { labels, sizes };
}

/** Spreads the label of the pixel on the stack over its component; gives its pixel count. */
function fill(mask: Uint8Array, { width, height }: Size, labels: Int32Array, stack: number[]): number {
  let count = 0;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    count++;
    const x = at % width;
    const y = (at - x) / width;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const next = ny * width + nx;
        if (mask[next] !== 1 || labels[next] !== 0) continue;
        labels[next] = labels[at]!;
        stack.push(next);
      }
    }
  }
  return count;
}
