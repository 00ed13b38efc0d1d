import type { Size } from "../../domain/inspection.ts";

/** Where and how strongly a picture is changed: an alpha map over a rectangle of it. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** width * height, 0..1. */
  readonly alpha: Float32Array;
}

/**
 * The smallest region around the set pixels of a mask, its edge softened by a Gaussian.
 * @param softness σ of the edge in pixels, 0 for a hard one
 * @returns null for an empty mask
 */
export function regionOf(mask: Uint8Array, size: Size, softness: number): Region | null {
  const box = boundsOf(mask, size, Math.ceil(3 * softness));
  if (box === null) return null;
  const alpha = new Float32Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = (box.top + y) * size.width + box.left;
    alpha.set(mask.subarray(from, from + box.width), y * box.width);
  }
  return { ...box, alpha: softness > 0 ? soften(alpha, box, softness) : alpha };
}

function boundsOf(mask: Uint8Array, { width, height }: Size, margin: number) {
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) return null;
  left = Math.max(0, left - margin);
  top = Math.max(0, top - margin);
  right = Math.min(width - 1, right + margin);
  bottom = Math.min(height - 1, bottom + margin);
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Separable Gaussian, zero outside. */
function soften(alpha: Float32Array, size: Size, sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = taps.reduce((a, b) => a + b);
  const kernel = taps.map((tap) => tap / sum);
  const across = blurRows(alpha, size, kernel, { step: 1, limit: "width" });
  return blurRows(across, size, kernel, { step: size.width, limit: "height" });
}

function blurRows(
  alpha: Float32Array,
  size: Size,
  kernel: readonly number[],
  { step, limit }: { step: number; limit: "width" | "height" },
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const blurred = new Float32Array(alpha.length);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const position = limit === "width" ? x : y;
      const at = y * size.width + x;
      let sum = 0;
      for (let k = Math.max(-radius, -position); k <= Math.min(radius, size[limit] - 1 - position); k++) {
        sum += alpha[at + k * step]! * kernel[k + radius]!;
      }
      blurred[at] = sum;
    }
  }
  return blurred;
}
