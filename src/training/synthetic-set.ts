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

/** Pictures with synthetic anomalies: the teacher's features of them, and where the anomalies are. */
export interface SyntheticSet {
  readonly count: number;
  readonly features: FeatureFile;
  /** 0 or 1 per pixel, [n, H, W] joined. */
  masks(indices: readonly number[]): Float32Array;
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
  const { job, key, session, progress, signal, method } = work;
  const { pictures } = work.normals;
  const count = method.amplify?.images ?? 0;
  const { inputSize: size, training } = job;
  const pixels = size.width * size.height;
  const maskPath = join(job.jobDir, `masks-${key}.bin`);
  const masks = new Uint8Array(count * pixels);
  const textures = await textureSource(work);
  const bases = train.slice(0, BASES);
  const foregrounds = await foregroundsOf(work, bases, normalFeatures);

  const features = await FeatureFile.openOrMake(
    join(job.jobDir, `synthetic-${key}.f16`),
    session.shapes,
    count,
    async function* () {
      for (let index = 0; index < count; index += 1) {
        signal.throwIfAborted();
        const random = createRandom(hashSeed(training.seed, `synthetic-${index}`));
        const base = index % bases.length;
        const others = shuffled(bases.length, random)
          .slice(0, OTHERS)
          .map((other) => pictures[bases[other]!]!);
        const foreground = foregrounds[base] ?? null;
        const made = synthesizeAnomaly(pictures[bases[base]!]!, size, {
          random,
          foreground,
          textures,
          others,
        });
        masks.set(made.mask, index * pixels);
        yield await session.features(made.image);
        progress.stage("synthesize", {
          done: (index + 1) / count,
          message: `synthetic anomaly ${index + 1}/${count}`,
        });
      }
      await writeDurably(maskPath, masks);
    },
  );
  masks.set(await readFile(maskPath));
  return { count, features, masks: (indices) => joinedMasks(masks, indices, pixels) };
}

async function textureSource({ job }: Work): Promise<TextureSource> {
  if (job.texturesDir === null) return proceduralTextures;
  return loadFolderTextures(job.texturesDir, job.inputSize, createRandom(job.training.seed));
}

/** A 0/1 mask at picture size for each base, or nothing where product and ground cannot be told apart. */
async function foregroundsOf(
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

function joinedMasks(masks: Uint8Array, indices: readonly number[], pixels: number): Float32Array {
  const joined = new Float32Array(indices.length * pixels);
  for (const [position, index] of indices.entries()) {
    joined.set(masks.subarray(index * pixels, (index + 1) * pixels), position * pixels);
  }
  return joined;
}
