import type { Size } from "../../domain/inspection.ts";
import { cut } from "../../imaging/cut.ts";
import { between, choose, wholeBetween, type Random } from "./chance.ts";
import { chooseContent, foreignTexture, type Content, type Material } from "./contents.ts";
import { chooseFinish } from "./finishes.ts";
import { blobOrBoxMask, polylineMask, type Point } from "./masks.ts";
import { perlinMask } from "./perlin.ts";
import { regionOf, type Region } from "./region.ts";
import type { TextureSource } from "./texture-source.ts";
import { varyLight } from "./variation.ts";
import { wideMask } from "./wide-mask.ts";
import { anomalyFactor, drawWindow, pasted } from "./window.ts";

/** Share of pictures that get an anomaly (AAND: 0.8; DRAEM: 0.5). */
const ANOMALY_SHARE = 0.8;
/** Tries until an anomaly is larger than `MIN_PIXELS` (AAND). */
const TRIES = 10;
const MIN_PIXELS = 4;
/** A pixel is labelled anomalous if a channel changed by more grey levels than this. */
const VISIBLE = 6;

export interface SynthesisOptions {
  readonly random: Random;
  /** Per pixel 1 where anomalies may lie; null: everywhere. */
  readonly foreground: Uint8Array | null;
  readonly textures: TextureSource;
  /** Other normal pictures of the same size; may be empty. */
  readonly others: readonly Uint8Array[];
  /**
   * `rich` (default): several kinds of masks and contents, 1 to 3 anomalies, varied light (measured better, accuracy.md).
   * `wide`: areas of up to half of the picture get another finish.
   * `paper`: one Perlin mask filled with a foreign texture (AAND, DRAEM).
   */
  readonly recipe?: "rich" | "wide" | "paper";
  /** `varied` (default, not of `paper`): light and noise of the whole picture change too; `kept`: only the anomaly differs. */
  readonly light?: "varied" | "kept";
}

export interface SynthesizedPicture {
  /** RGB8. */
  readonly image: Uint8Array;
  /** Per pixel 1 where anomalous; all 0 in one of five pictures. */
  readonly mask: Uint8Array;
}

/**
 * Makes a training picture of stage 1 from a normal one: with probability 0.8 it gets anomalies, labelled by what really
 * changed visibly (more than 6 grey levels).
 * @param image RGB8, width * height * 3; not changed
 */
export function synthesizeAnomaly(
  image: Uint8Array,
  size: Size,
  options: SynthesisOptions,
): SynthesizedPicture {
  const { random, recipe = "rich", light = "varied" } = options;
  const normal = recipe !== "paper" && light === "varied" ? varyLight(image, size, random) : image.slice();
  const none = { image: normal, mask: new Uint8Array(size.width * size.height) };
  if (random() >= ANOMALY_SHARE) return none;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const spoiled = SPOIL[recipe](normal, size, options);
    const mask = changedPixels(normal, spoiled);
    if (mask.reduce((count, pixel) => count + pixel, 0) > MIN_PIXELS) return { image: spoiled, mask };
  }
  return none;
}

interface DefectPlan {
  readonly region: Region;
  readonly content: Content;
}
type DefectMaker = (material: Material, options: SynthesisOptions) => DefectPlan | null;

type Spoil = (normal: Uint8Array, size: Size, options: SynthesisOptions) => Uint8Array;

const SPOIL: Readonly<Record<NonNullable<SynthesisOptions["recipe"]>, Spoil>> = {
  rich: (normal, size, options) =>
    repeated(oneToThree(options.random) * anomalyFactor(size), normal, (image) =>
      spoilSomewhere(image, size, options),
    ),
  wide: (normal, size, options) =>
    repeated(oneToThree(options.random), normal, (image) => spoilOnce(image, size, options, wideDefect)),
  paper: (normal, size, options) => spoilOnce(normal, size, options, paperDefect),
};

function oneToThree(random: Random): number {
  return choose(random, [
    [0.6, 1],
    [0.25, 2],
    [0.15, 3],
  ]);
}

function repeated(times: number, normal: Uint8Array, spoil: (image: Uint8Array) => Uint8Array): Uint8Array {
  let image = normal;
  for (let i = 0; i < times; i++) image = spoil(image);
  return image;
}

/** On a part of a large picture, so that anomalies are as small in it as real ones are. */
function spoilSomewhere(image: Uint8Array, size: Size, options: SynthesisOptions): Uint8Array {
  const window = drawWindow(size, options.random);
  if (window === null) return spoilOnce(image, size, options, richDefect);
  const inWindow: SynthesisOptions = {
    ...options,
    foreground: options.foreground && cut(options.foreground, size, window, 1),
    others: options.others.map((other) => cut(other, size, window, 3)),
  };
  const part = spoilOnce(cut(image, size, window, 3), window, inWindow, richDefect);
  return pasted(image, size, window, part);
}

function spoilOnce(image: Uint8Array, size: Size, options: SynthesisOptions, make: DefectMaker): Uint8Array {
  const plan = make({ image, size, textures: options.textures, others: options.others }, options);
  return plan === null ? image : blend(image, size, plan);
}

/** AAND: Perlin mask AND foreground, foreign texture, hard edge. */
function paperDefect(material: Material, { random, foreground }: SynthesisOptions): DefectPlan | null {
  const region = regionOf(within(perlinMask(material.size, random), foreground), material.size, 0);
  return region && { region, content: foreignTexture(material, region, random) };
}

function richDefect(material: Material, { random, foreground }: SynthesisOptions): DefectPlan | null {
  const { size } = material;
  const start = choosePlace(material, foreground, random);
  const mask = choose(random, [
    [0.3, () => perlinMask(size, random)],
    [0.3, () => polylineMask(size, start, random)],
    [0.4, () => blobOrBoxMask(size, start, random)],
  ])();
  const region = regionOf(within(mask, foreground), size, between(random, 0.3, 1.2));
  return region && { region, content: chooseContent(material, region, random) };
}

function wideDefect(material: Material, { random, foreground }: SynthesisOptions): DefectPlan | null {
  const mask = within(wideMask(material.size, random), foreground);
  const region = regionOf(mask, material.size, between(random, 0.5, 6));
  return region && { region, content: chooseFinish(material, region, random) };
}

function within(mask: Uint8Array, foreground: Uint8Array | null): Uint8Array {
  return foreground === null ? mask : mask.map((pixel, at) => pixel & foreground[at]!);
}

/** Half of the anomalies begin anywhere, half where the picture has detail (the richest of eight places). */
function choosePlace({ image, size }: Material, foreground: Uint8Array | null, random: Random): Point {
  const candidates = random() < 0.5 ? 1 : 8;
  let best = randomPlace(size, foreground, random);
  for (let i = 1; i < candidates; i++) {
    const place = randomPlace(size, foreground, random);
    if (detailAt(image, size, place) > detailAt(image, size, best)) best = place;
  }
  return best;
}

function randomPlace(size: Size, foreground: Uint8Array | null, random: Random): Point {
  let place = { x: 0, y: 0 };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    place = { x: wholeBetween(random, 0, size.width - 1), y: wholeBetween(random, 0, size.height - 1) };
    if (foreground === null || foreground[place.y * size.width + place.x] === 1) break;
  }
  return place;
}

/** Absolute Laplacian of the green channel, summed over 5 × 5 pixels. */
function detailAt(image: Uint8Array, { width, height }: Size, { x, y }: Point): number {
  const green = (column: number, row: number): number => image[(row * width + column) * 3 + 1]!;
  let sum = 0;
  for (let row = Math.max(1, y - 2); row <= Math.min(height - 2, y + 2); row++) {
    for (let column = Math.max(1, x - 2); column <= Math.min(width - 2, x + 2); column++) {
      const neighbours =
        green(column - 1, row) + green(column + 1, row) + green(column, row - 1) + green(column, row + 1);
      sum += Math.abs(4 * green(column, row) - neighbours);
    }
  }
  return sum;
}

/** Lays the content over the picture; a new RGB8 picture. */
function blend(image: Uint8Array, size: Size, { region, content }: DefectPlan): Uint8Array {
  const blended = new Uint8ClampedArray(image);
  const colour = new Float32Array(3);
  for (let y = 0; y < region.height; y++) {
    for (let x = 0; x < region.width; x++) {
      const alpha = region.alpha[y * region.width + x]! * content.opacity;
      if (alpha < 0.004) continue; // changes nothing at 8 bits
      content.sample(region.left + x, region.top + y, colour);
      const at = ((region.top + y) * size.width + region.left + x) * 3;
      for (let c = 0; c < 3; c++) {
        const below = image[at + c]!;
        blended[at + c] = below + alpha * (colour[c]! - below);
      }
    }
  }
  return new Uint8Array(blended.buffer);
}

function changedPixels(before: Uint8Array, after: Uint8Array): Uint8Array {
  const mask = new Uint8Array(before.length / 3);
  for (let i = 0; i < mask.length; i++) {
    const at = i * 3;
    const change = Math.max(
      Math.abs(after[at]! - before[at]!),
      Math.abs(after[at + 1]! - before[at + 1]!),
      Math.abs(after[at + 2]! - before[at + 2]!),
    );
    if (change > VISIBLE) mask[i] = 1;
  }
  return mask;
}
