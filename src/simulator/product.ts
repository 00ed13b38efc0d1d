import type { Size, Truth } from "../domain/inspection.ts";
import { createRandom } from "../graph/random.ts";
import { createCanvas, type Canvas } from "./canvas.ts";
import { changedPixels } from "./changed-pixels.ts";
import { develop } from "./develop.ts";
import { pick, type Random } from "./draws.ts";
import type { DrawPart, Product } from "./family.ts";
import { RELAY } from "./families/relay.ts";
import { hash } from "./noise.ts";
import { planScene, type Scene } from "./scene.ts";

/** One part of one line. The same values give the same bytes on every machine. */
export interface PartNumber {
  /** Number of the part on the line, from 0. */
  readonly index: number;
  readonly seed: number;
  readonly size: Size;
}

/** Which part to render, where chance decides if it is good. */
export interface PartOptions extends PartNumber {
  /** `normal`: good parts only; `mixed`: a share of them is defective. */
  readonly content: "normal" | "mixed";
  /** Share of defective parts on the mixed line, 0..1. */
  readonly defectShare: number;
}

export interface RenderedPart {
  /** RGB8, row-major, width * height * 3 bytes. */
  readonly data: Uint8Array;
  /** `source` is `good` or the kind of defect. */
  readonly truth: Truth;
}

export interface RenderedSample extends RenderedPart {
  /** The defect's pixels: width * height, 0/1 (all 0 for a good part). */
  readonly mask: Uint8Array;
}

/** Renders one part of a simulated line, good or with one defect. */
export function renderPart(options: PartOptions, product: Product = RELAY): RenderedPart {
  const { plan, scene } = planPart(options, product);
  const spoilt = spoilByChance(options, product, plan.spoil);
  const canvas = drawScene(options.size, scene, spoilt?.draw ?? plan.draw);
  return { data: develop(canvas, scene), truth: truthOf(spoilt?.defect ?? null) };
}

/** Like `renderPart`, with the defect's pixels. Takes twice as long. */
export function renderPartWithMask(options: PartOptions, product: Product = RELAY): RenderedSample {
  const { plan, scene } = planPart(options, product);
  return renderBoth(options.size, scene, plan.draw, spoilByChance(options, product, plan.spoil));
}

/** Renders one part that is good (`defect` null) or has a defect of that kind. @throws RangeError for an unknown kind */
export function renderSample(product: Product, part: PartNumber, defect: string | null): RenderedSample {
  const { plan, scene } = planPart(part, product);
  const random = createRandom(hash(part.index, 5, part.seed));
  const spoilt = defect === null ? null : { defect, draw: plan.spoil(defect, random) };
  return renderBoth(part.size, scene, plan.draw, spoilt);
}

interface Spoilt {
  readonly defect: string;
  readonly draw: DrawPart;
}

function planPart({ index, seed }: PartNumber, product: Product) {
  const random = createRandom(hash(index, 1, seed));
  const scene = planScene(product.conditions, random, hash(index, 2, seed));
  return { scene, plan: product.plan(random, hash(index, 3, seed) % 65536) };
}

function spoilByChance(
  { index, seed, content, defectShare }: PartOptions,
  product: Product,
  spoil: (defect: string, random: Random) => DrawPart,
): Spoilt | null {
  const chance = createRandom(hash(index, 4, seed));
  if (content === "normal" || chance() >= defectShare) return null;
  const defect = pick(chance, product.defects);
  return { defect, draw: spoil(defect, chance) };
}

function renderBoth(size: Size, scene: Scene, drawGood: DrawPart, spoilt: Spoilt | null): RenderedSample {
  const good = drawScene(size, scene, drawGood);
  if (spoilt === null) {
    return {
      data: develop(good, scene),
      truth: truthOf(null),
      mask: new Uint8Array(size.width * size.height),
    };
  }
  const canvas = drawScene(size, scene, spoilt.draw);
  const mask = changedPixels(canvas, good);
  return { data: develop(canvas, scene), truth: truthOf(spoilt.defect), mask };
}

function drawScene(size: Size, scene: Scene, drawPart: DrawPart): Canvas {
  const canvas = createCanvas(size, scene.pose);
  drawPart(canvas, scene);
  return canvas;
}

function truthOf(defect: string | null): Truth {
  return defect === null ? { label: "good", source: "good" } : { label: "bad", source: defect };
}
