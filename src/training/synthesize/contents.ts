import type { Size } from "../../domain/inspection.ts";
import { between, choose, wholeBetween, type Random } from "./chance.ts";
import type { Region } from "./region.ts";
import { pictureSampler, type Sampler, type TextureSource } from "./texture-source.ts";

/** What a synthetic anomaly is made from. */
export interface Material {
  /** The picture as it is, RGB8. */
  readonly image: Uint8Array;
  readonly size: Size;
  readonly textures: TextureSource;
  /** Other normal pictures of the same size, may be empty. */
  readonly others: readonly Uint8Array[];
}

/** What fills the region, and how opaque it is (0..1). */
export interface Content {
  readonly sample: Sampler;
  readonly opacity: number;
}

/** Kinds of content with the shares of accuracy.md's measured recipe. */
export function chooseContent(material: Material, region: Region, random: Random): Content {
  const make = choose(random, [
    [0.2, warpedPatch],
    [0.15, foreignTexture],
    [0.2, flatColour],
    [0.2, changedLight],
    [0.15, displacedCopy],
    [0.1, filtered],
  ]);
  return make(material, region, random);
}

/** β of DRAEM and AAND: texture and picture mix as (1 − β) · texture + β · picture, β ~ U(0, 0.8). */
export function foreignTexture({ textures, size }: Material, _region: Region, random: Random): Content {
  return { sample: textures.next(size, random), opacity: 1 - between(random, 0, 0.8) };
}

function opacityOf(random: Random): number {
  return random() < 0.5 ? 1 : between(random, 0.3, 1);
}

/** Another place of this or another normal picture, turned and scaled. */
function warpedPatch({ image, size, others }: Material, region: Region, random: Random): Content {
  const source = random() < 0.5 ? image : (others[wholeBetween(random, 0, others.length - 1)] ?? image);
  const read = pictureSampler(source, size);
  const angle = between(random, -Math.PI, Math.PI);
  const scale = between(random, 0.6, 1.6);
  const cos = Math.cos(angle) * scale;
  const sin = Math.sin(angle) * scale;
  const middleX = region.left + region.width / 2;
  const middleY = region.top + region.height / 2;
  const targetX = random() * size.width;
  const targetY = random() * size.height;
  return {
    sample: (x, y, out) => {
      const right = x - middleX;
      const down = y - middleY;
      read(targetX + right * cos - down * sin, targetY + right * sin + down * cos, out);
    },
    opacity: opacityOf(random),
  };
}

/** One colour: of the picture, its complement, a random one, or the mean of the region shifted. */
function flatColour({ image, size }: Material, region: Region, random: Random): Content {
  const colour = choose(random, [
    [1, colourAt(image, wholeBetween(random, 0, size.width * size.height - 1))],
    [1, colourAt(image, middleOf(region, size)).map((level) => 255 - level)],
    [1, [random() * 255, random() * 255, random() * 255]],
    [1, shifted(colourAt(image, middleOf(region, size)), random)],
  ]);
  return {
    sample: (_x, _y, out) => {
      out.set(colour);
    },
    opacity: opacityOf(random),
  };
}

function colourAt(image: Uint8Array, pixel: number): number[] {
  return [...image.subarray(pixel * 3, pixel * 3 + 3)];
}

function middleOf(region: Region, size: Size): number {
  return (region.top + (region.height >> 1)) * size.width + region.left + (region.width >> 1);
}

function shifted(colour: readonly number[], random: Random): number[] {
  const amount = between(random, 25, 90) * (random() < 0.5 ? -1 : 1);
  return colour.map((level) => level + amount);
}

/** Brighter, darker, flatter or harsher than it was. */
export function changedLight({ image, size }: Material, region: Region, random: Random): Content {
  const read = pictureSampler(image, size);
  const [red, green, blue] = colourAt(image, middleOf(region, size));
  const middle = ((red ?? 0) + (green ?? 0) + (blue ?? 0)) / 3;
  const contrast = between(random, 0.3, 1.8);
  const offset = between(random, 12, 70) * (random() < 0.5 ? -1 : 1);
  return {
    sample: (x, y, out) => {
      read(x, y, out);
      for (let c = 0; c < 3; c++) out[c] = (out[c]! - middle) * contrast + middle + offset;
    },
    opacity: 1,
  };
}

/** What lies a few pixels beside: pieces out of place, broken lines. */
function displacedCopy({ image, size }: Material, _region: Region, random: Random): Content {
  const read = pictureSampler(image, size);
  const distance = between(random, 3, 24);
  const angle = between(random, 0, 2 * Math.PI);
  const shiftX = Math.cos(angle) * distance;
  const shiftY = Math.sin(angle) * distance;
  return {
    sample: (x, y, out) => {
      read(x + shiftX, y + shiftY, out);
    },
    opacity: opacityOf(random),
  };
}

/** Blurred, eroded or dilated: print too thin or thick, details lost. */
export function filtered({ image, size }: Material, _region: Region, random: Random): Content {
  const kind = choose<"mean" | "lowest" | "highest">(random, [
    [1, "mean"],
    [1, "lowest"],
    [1, "highest"],
  ]);
  const radius = wholeBetween(random, 1, 2);
  return {
    sample: (x, y, out) => {
      for (let c = 0; c < 3; c++)
        out[c] = windowValue({ image, size, kind, across: radius, down: radius }, x, y, c);
    },
    opacity: 1,
  };
}

/** What is looked at around a place: so many pixels to either side, and up and down. */
interface Window {
  readonly image: Uint8Array;
  readonly size: Size;
  readonly kind: "mean" | "lowest" | "highest";
  readonly across: number;
  readonly down: number;
}

/** @param c channel   @returns grey levels */
export function windowValue(
  { image, size, kind, across, down }: Window,
  x: number,
  y: number,
  c: number,
): number {
  let sum = 0;
  let low = 255;
  let high = 0;
  let count = 0;
  for (let row = Math.max(0, y - down); row <= Math.min(size.height - 1, y + down); row++) {
    for (let column = Math.max(0, x - across); column <= Math.min(size.width - 1, x + across); column++) {
      const value = image[(row * size.width + column) * 3 + c]!;
      sum += value;
      low = Math.min(low, value);
      high = Math.max(high, value);
      count++;
    }
  }
  if (kind === "mean") return sum / count;
  return kind === "lowest" ? low : high;
}
