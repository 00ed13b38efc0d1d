import type { Canvas } from "./canvas.ts";
import { hash } from "./noise.ts";
import type { Scene } from "./scene.ts";

/** Lens, light falling off, exposure, white balance and sensor noise; float picture to RGB8 (changes `pixels`). */
export function develop({ size, scale, pixels }: Canvas, scene: Scene): Uint8Array {
  const { width, height } = size;
  if (scene.blur > 0) defocus(pixels, width, scene.blur * scale);
  const data = new Uint8ClampedArray(pixels.length); // rounds and clamps natively
  const greyNoise = scene.noise / 104;
  const colourNoise = scene.noise / 14;
  for (let y = 0; y < height; y++) {
    const down = (2 * y) / height - 1;
    for (let x = 0; x < width; x++) {
      const right = (2 * x) / width - 1;
      const vignette = 1 - 0.06 * (right * right + down * down);
      const light = scene.gain * vignette * (1 + scene.lightX * right + scene.lightY * down);
      const bits = hash(x, y, scene.noiseSeed);
      const grey = ((bits & 255) + ((bits >>> 8) & 255) - 255) * greyNoise;
      const at = (y * width + x) * 3;
      const red = (((bits >>> 16) & 15) - 7.5) * colourNoise;
      const green = (((bits >>> 20) & 15) - 7.5) * colourNoise;
      const blue = (((bits >>> 24) & 15) - 7.5) * colourNoise;
      data[at] = pixels[at]! * light * (1 + scene.warmth) + grey + red;
      data[at + 1] = pixels[at + 1]! * light + grey + green;
      data[at + 2] = pixels[at + 2]! * light * (1 - scene.warmth) + grey + blue;
    }
  }
  return new Uint8Array(data.buffer);
}

/** Three-tap blur along both axes as often as the variance asks for; RGB float, in place. */
function defocus(pixels: Float32Array, width: number, sigmaPx: number): void {
  const passes = Math.max(1, Math.ceil(sigmaPx * sigmaPx * 2)); // a pass can add a variance of 1/2 without overshoot
  const side = (sigmaPx * sigmaPx) / passes / 2; // variance of the taps [side, 1 - 2 side, side] is 2 side
  const source = new Float32Array(pixels.length);
  for (let pass = 0; pass < passes; pass++) {
    for (const [step, line] of [
      [3, width * 3],
      [width * 3, pixels.length],
    ] as const) {
      source.set(pixels);
      for (let start = 0; start < pixels.length; start += line) {
        for (let i = start + step; i < start + line - step; i++) {
          pixels[i] = source[i]! + side * (source[i - step]! + source[i + step]! - 2 * source[i]!);
        }
      }
    }
  }
}
