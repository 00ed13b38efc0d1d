import { ConfigError } from "../domain/errors.ts";
import type { Shape } from "../graph/ops.ts";
import type { View } from "../preprocess/view.ts";
import { findForeground, scaleForeground } from "./foreground.ts";
import type { Material } from "./work.ts";

type Looked = Pick<Material, "job" | "session" | "features" | "samples">;

/** Samples that say where the product can be; more add little. */
const LOOKED_AT = 160;
/** Locations a side that product and ground are told apart on, at most: 400 pictures of 160 × 160 would take 2 GB. */
const FINEST = 64;
/** Feature numbers that are looked at, at most: 0.5 GB, and as much again when they are standardised. */
const MOST_NUMBERS = 2 ** 27;

/**
 * Where anomalies may be put on each of these samples: on the product where one can be told from its ground, and only on
 * judged places. Of the model's input size, 1 where allowed; null: everywhere.
 */
export async function anomalyPlaces(
  material: Looked,
  bases: readonly number[],
): Promise<readonly (Uint8Array | null)[]> {
  const products =
    material.job.training.preprocess.foreground === "off" ? [] : await productMasks(material, bases);
  return bases.map((base, at) => both(products[at] ?? null, material.samples.judged(base)));
}

/**
 * The view, with `foreground: map` judging only places where a product was seen on a training sample. Unchanged if product
 * and ground cannot be told apart, on any of several products.
 * @throws ConfigError `empty-area` if no product was seen on the places that the settings leave
 */
export async function judgedByProduct(material: Looked & { readonly view: View }): Promise<View> {
  const { job, samples, view } = material;
  if (job.training.preprocess.foreground !== "map") return view;
  const masks = await productMasks(material, samples.split.train.slice(0, LOOKED_AT));
  const products = masks.filter((mask) => mask !== null);
  const [first, ...others] = products;
  if (first === undefined || products.length < masks.length) return view;
  const seen = first.slice();
  for (const mask of others) for (const [at, value] of mask.entries()) seen[at]! |= value;
  const judged = both(seen, view.judged);
  if (judged?.includes(1)) return { ...view, judged };
  throw new ConfigError(
    "empty-area",
    "training.preprocess: foreground: map leaves no place that is judged, since the product lies where include, ignore and " +
      "mask leave nothing; change these, or foreground",
  );
}

function both(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  if (a === null || b === null) return a ?? b;
  return a.map((value, at) => value & b[at]!);
}

/** A 0/1 mask at input size for each sample; null where product and ground cannot be told apart. Each product by itself. */
async function productMasks(
  material: Looked,
  samples: readonly number[],
): Promise<readonly (Uint8Array | null)[]> {
  const found = new Map<number, Uint8Array>();
  for (const { train, heldOut } of material.samples.split.products) {
    const all = new Set([...train, ...heldOut]);
    const own = samples.filter((sample) => all.has(sample));
    const masks = await masksOfOneProduct(material, own);
    for (const [at, mask] of masks.entries()) found.set(own[at]!, mask);
  }
  return samples.map((sample) => found.get(sample) ?? null);
}

/** A mask each, or none at all. */
async function masksOfOneProduct(
  { job, session, features }: Looked,
  samples: readonly number[],
): Promise<readonly Uint8Array[]> {
  const shape = session.shapes[0]!;
  const grid = lookedGrid(shape, samples.length);
  const maps: Float32Array[] = [];
  for (const sample of samples) maps.push(onGrid((await features.read([sample]))[0]!, shape, grid));
  const { masks, isSplit } = findForeground(maps, grid);
  return isSplit ? masks.map((mask) => scaleForeground(mask, grid, job.inputSize)) : [];
}

/** What so many pictures of a level are looked at on: a wide teacher's on fewer locations. */
export function lookedGrid(shape: Shape, pictures: number): Shape {
  let side = FINEST;
  const grid = (): Shape => ({ ...shape, h: Math.min(shape.h, side), w: Math.min(shape.w, side) });
  while (pictures * shape.c * grid().h * grid().w > MOST_NUMBERS) side /= 2;
  return grid();
}

/** [H, W, C] → [C, h, w] of a grid that is as fine or coarser: each location is the mean of what lies in it. */
function onGrid(map: Float32Array, { c, h, w }: Shape, grid: Shape): Float32Array {
  const locations = grid.h * grid.w;
  const sums = new Float32Array(c * locations);
  const counts = new Uint32Array(locations);
  for (let pixel = 0; pixel < h * w; pixel += 1) {
    const row = Math.floor((Math.floor(pixel / w) * grid.h) / h);
    const location = row * grid.w + Math.floor(((pixel % w) * grid.w) / w);
    counts[location]! += 1;
    for (let channel = 0; channel < c; channel += 1)
      sums[channel * locations + location]! += map[pixel * c + channel]!;
  }
  return sums.map((sum, at) => sum / counts[at % locations]!);
}
