import type { Shape } from "../graph/ops.ts";
import type { View } from "../preprocess/view.ts";
import { findForeground, scaleForeground } from "./foreground.ts";
import type { Material } from "./work.ts";

type Looked = Pick<Material, "job" | "session" | "features" | "samples">;

/** Samples that say where the product can be; more add little. */
const LOOKED_AT = 160;

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
  return { ...view, judged: both(seen, view.judged) };
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
  const maps: Float32Array[] = [];
  for (const sample of samples) maps.push(channelsFirst((await features.read([sample]))[0]!, shape));
  const { masks, isSplit } = findForeground(maps, shape);
  return isSplit ? masks.map((mask) => scaleForeground(mask, shape, job.inputSize)) : [];
}

/** [H, W, C] → [C, H, W] */
function channelsFirst(map: Float32Array, { c, h, w }: Shape): Float32Array {
  const turned = new Float32Array(map.length);
  for (let pixel = 0; pixel < h * w; pixel += 1) {
    for (let channel = 0; channel < c; channel += 1)
      turned[channel * h * w + pixel] = map[pixel * c + channel]!;
  }
  return turned;
}
