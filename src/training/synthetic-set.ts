import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shape } from "../graph/ops.ts";
import { createRandom, hashSeed } from "../graph/random.ts";
import { writeDurably } from "../system/durable-files.ts";
import { FeatureFile } from "./feature-file.ts";
import { findForeground, scaleForeground } from "./foreground.ts";
import { shuffled } from "./split.ts";
import { loadFolderTextures } from "./synthesize/folder-texture.ts";
import { proceduralTextures } from "./synthesize/procedural-texture.ts";
import { synthesizeAnomaly } from "./synthesize/synthesize.ts";
import type { TextureSource } from "./synthesize/texture-source.ts";
import type { Work } from "./work.ts";

/** Pictures with synthetic anomalies: the teacher's features of them, where the anomalies are, and where the product is. */
export interface SyntheticSet {
  readonly count: number;
  readonly features: FeatureFile;
  /** Where the anomalies are: 0 or 1 per pixel, [n, H, W] joined. */
  masks(indices: readonly number[]): Float32Array;
  /** Where the product is, in the same form; null if it cannot be told from its ground. */
  foregrounds(indices: readonly number[]): Float32Array | null;
}

/** Normal pictures that anomalies are put on; more add little. */
const BASES = 160;
/** Pictures that a self-patch may come from. */
const OTHERS = 4;

/** Makes stage 1's pictures from training normals, anomalies on the product only where one can be told from its ground. */
export async function synthesize(
  work: Work,
  train: readonly number[],
  normalFeatures: FeatureFile,
): Promise<SyntheticSet> {
  const { job, key, session, method } = work;
  const count = method.amplify?.images ?? 0;
  const pixels = job.inputSize.width * job.inputSize.height;
  const maskPath = join(job.jobDir, `masks-${key}.bin`);
  const bases = train.slice(0, BASES);
  const products = await productMasks(work, bases, normalFeatures);
  const path = join(job.jobDir, `synthetic-${key}.f16`);
  const features = await FeatureFile.openOrMake(path, session.shapes, count, async function* () {
    const masks = new Uint8Array(count * pixels);
    for await (const { index, image, mask } of spoiledPictures(work, bases, products)) {
      masks.set(mask, index * pixels);
      yield await session.features(image);
    }
    await writeDurably(maskPath, masks);
  });
  const masks = await readFile(maskPath);
  return {
    count,
    features,
    masks: (indices) => joined(indices.map((index) => masks.subarray(index * pixels, (index + 1) * pixels))),
    foregrounds: (indices) =>
      products.length === 0 ? null : joined(indices.map((index) => products[index % bases.length]!)),
  };
}

/** Picture `index` is made from base `index % bases.length`; each has a random stream of its own. */
async function* spoiledPictures(work: Work, bases: readonly number[], products: readonly Uint8Array[]) {
  const { job, progress, signal, method } = work;
  const { pictures } = work.normals;
  const count = method.amplify?.images ?? 0;
  const textures = await textureSource(work);
  for (let index = 0; index < count; index += 1) {
    signal.throwIfAborted();
    const random = createRandom(hashSeed(job.training.seed, `synthetic-${index}`));
    const base = index % bases.length;
    const others = shuffled(bases.length, random).slice(0, OTHERS);
    const spoiled = synthesizeAnomaly(pictures[bases[base]!]!, job.inputSize, {
      random,
      foreground: products[base] ?? null,
      textures,
      others: others.map((other) => pictures[bases[other]!]!),
    });
    yield { index, ...spoiled };
    const message = `synthetic anomaly ${index + 1}/${count}`;
    progress.stage("synthesize", { done: (index + 1) / count, message });
  }
}

async function textureSource({ job }: Work): Promise<TextureSource> {
  if (job.texturesDir === null) return proceduralTextures;
  return loadFolderTextures(job.texturesDir, job.inputSize, createRandom(job.training.seed));
}

/** A 0/1 mask at picture size for each base, or nothing where product and ground cannot be told apart. */
async function productMasks(
  { job, session }: Work,
  bases: readonly number[],
  features: FeatureFile,
): Promise<readonly Uint8Array[]> {
  const shape = session.shapes[0]!;
  const maps: Float32Array[] = [];
  for (const base of bases) maps.push(channelsFirst((await features.read([base]))[0]!, shape));
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

function joined(masks: readonly Uint8Array[]): Float32Array {
  const pixels = masks[0]?.length ?? 0;
  const all = new Float32Array(masks.length * pixels);
  for (const [position, mask] of masks.entries()) all.set(mask, position * pixels);
  return all;
}
