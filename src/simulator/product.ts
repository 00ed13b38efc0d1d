import type { Size, Truth } from "../domain/inspection.ts";
import { createRandom } from "../graph/random.ts";
import { goodAssembly, type Assembly } from "./assembly.ts";
import { createCanvas, type Canvas, type Pose } from "./canvas.ts";
import { DEFECTS, spoil } from "./defects.ts";
import { drawPart } from "./draw-part.ts";
import { createNoiseTile } from "./noise-tile.ts";
import { hash } from "./noise.ts";

/** Which part of which line to render. The same options give the same bytes on every machine. */
export interface PartOptions {
  /** Number of the part on the line, from 0. */
  readonly index: number;
  readonly seed: number;
  readonly size: Size;
  /** `normal`: good parts only; `mixed`: a share of them is defective. */
  readonly content: "normal" | "mixed";
  /** Share of defective parts on the mixed line, 0..1. */
  readonly defectShare: number;
}

export interface RenderedPart {
  /** RGB8, row-major, width * height * 3 bytes. */
  readonly data: Uint8Array;
  /** `source` is `good` or the kind of defect (defects.ts). */
  readonly truth: Truth;
}

/** A pixel belongs to the defect if it changes some channel by more than this many grey levels (before sensor noise). */
const VISIBLE = 6;

const BELT = createNoiseTile(21, [
  { across: 1.6, along: 1.6, weight: 4 },
  { across: 30, along: 60, weight: 3 },
]);

/** How one part met the camera: natural variation of place, light and sensor. */
interface Scene {
  readonly pose: Pose;
  readonly beltX: number;
  readonly beltY: number;
  readonly gain: number;
  readonly lightX: number;
  readonly lightY: number;
  readonly warmth: number;
  readonly noise: number;
  readonly noiseSeed: number;
}

/** Renders one part of a simulated line: a relay module on a conveyor belt, good or with one defect. */
export function renderPart(options: PartOptions): RenderedPart {
  const { good, actual, scene, truth } = planPart(options);
  const canvas = drawScene(options.size, scene, actual ?? good);
  return { data: develop(canvas, scene), truth };
}

/** Like `renderPart`, with the defect's pixels: width * height, 0/1 (all 0 for a good part). Takes twice as long. */
export function renderPartWithMask(options: PartOptions): RenderedPart & { readonly mask: Uint8Array } {
  const { good, actual, scene, truth } = planPart(options);
  const canvas = drawScene(options.size, scene, actual ?? good);
  const mask = new Uint8Array(options.size.width * options.size.height);
  if (actual !== null) markChanges(mask, canvas.pixels, drawScene(options.size, scene, good).pixels);
  return { data: develop(canvas, scene), truth, mask };
}

function markChanges(mask: Uint8Array, after: Float32Array, before: Float32Array): void {
  for (let i = 0; i < after.length; i++) {
    if (Math.abs(after[i]! - before[i]!) > VISIBLE) mask[Math.floor(i / 3)] = 1;
  }
}

function planPart({ index, seed, content, defectShare }: PartOptions) {
  const random = createRandom(hash(index, 1, seed));
  const scene = planScene(random, hash(index, 2, seed));
  const good = goodAssembly(hash(index, 3, seed) % 65536, random);
  const chance = createRandom(hash(index, 4, seed));
  if (content === "normal" || chance() >= defectShare) {
    return { good, actual: null, scene, truth: { label: "good", source: "good" } satisfies Truth };
  }
  const defect = DEFECTS[Math.floor(chance() * DEFECTS.length)] ?? "scratch";
  const actual: Assembly = spoil(good, defect, chance);
  return { good, actual, scene, truth: { label: "bad", source: defect } satisfies Truth };
}

function planScene(random: () => number, noiseSeed: number): Scene {
  const around = (spread: number): number => (random() * 2 - 1) * spread;
  return {
    pose: { dx: around(3), dy: around(3), angle: around(0.035) },
    beltX: random() * 256,
    beltY: random() * 256,
    gain: 1 + around(0.06),
    lightX: around(0.05),
    lightY: around(0.05),
    warmth: around(0.015),
    noise: 2.5 + random(),
    noiseSeed,
  };
}

function drawScene(size: Size, scene: Scene, assembly: Assembly): Canvas {
  const canvas = createCanvas(size, scene.pose);
  drawBelt(canvas, scene);
  drawPart(canvas, assembly);
  return canvas;
}

/** A woven conveyor belt that has moved since the last part. */
function drawBelt({ size, scale, pixels }: Canvas, { beltX, beltY }: Scene): void {
  const weave = (distance: number): number => 2.5 * Math.cos(distance * 1.8);
  const warp = Float32Array.from({ length: size.width }, (_, x) => weave(x / scale + beltX));
  for (let y = 0; y < size.height; y++) {
    const v = y / scale + beltY;
    const weft = weave(v);
    for (let x = 0; x < size.width; x++) {
      const light = 62 + weft - warp[x]! + BELT(x / scale + beltX, v);
      const at = (y * size.width + x) * 3;
      pixels[at] = light - 4;
      pixels[at + 1] = light + 2;
      pixels[at + 2] = light;
    }
  }
}

/** Light falling off, exposure, white balance and sensor noise; float picture to RGB8. */
function develop({ size, pixels }: Canvas, scene: Scene): Uint8Array {
  const { width, height } = size;
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
