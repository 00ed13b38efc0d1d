import { join } from "node:path";
import type { Stage } from "../domain/job.ts";
import { createRandom, hashSeed } from "../graph/random.ts";
import { FeatureFile } from "./feature-file.ts";
import { anomalyPlaces } from "./product-masks.ts";
import { evenly } from "./products.ts";
import { RecordFile } from "./record-file.ts";
import { shuffled } from "./split.ts";
import { loadFolderTextures } from "./synthesize/folder-texture.ts";
import { proceduralTextures } from "./synthesize/procedural-texture.ts";
import { synthesizeAnomaly, type SynthesizedPicture } from "./synthesize/synthesize.ts";
import type { TextureSource } from "./synthesize/texture-source.ts";
import type { Work } from "./work.ts";

/** Pictures with synthetic anomalies, on disk: the teacher's features of them, where the anomalies are, and where the product is. */
export interface SyntheticSet {
  readonly count: number;
  readonly features: FeatureFile;
  /** RGB8 picture, and per pixel 1 where it is anomalous. */
  read(index: number): Promise<SynthesizedPicture>;
  /** Per pixel 1 where anomalies may be: on the product, at judged places; null: everywhere. */
  foreground(index: number): Uint8Array | null;
  close(): Promise<void>;
}

/** What is to be made. */
export interface SyntheticOrder {
  /** Names the files. */
  readonly name: "synthetic" | "held-out";
  /** Under which it is reported. */
  readonly stage: Extract<Stage, "synthesize" | "settle" | "choose">;
  readonly count: number;
  /** Normal pictures that anomalies are put on, in turn. */
  readonly bases: readonly number[];
  /**
   * `mixed`, for stage 1: one in five stays normal, and the light varies. `all`: each has an anomaly, and differs from its base
   * in nothing else, so that telling the two apart is telling the anomaly.
   */
  readonly spoiled: "mixed" | "all";
  /** So many of `count`, the last ones, have wide areas of another finish instead of small anomalies. */
  readonly wide: number;
}

/** Normal pictures that stage 1's anomalies are put on; more add little. */
const BASES = 400;
/** Pictures that a self-patch may come from. */
const OTHERS = 4;

/**
 * Stage 1's pictures, as many of each product.
 * @param train the training normals of each product   @param images with small anomalies   @param wide with wide ones
 */
export function trainingOrder(
  train: readonly (readonly number[])[],
  { images, wide }: { readonly images: number; readonly wide: number },
): SyntheticOrder {
  return {
    name: "synthetic",
    stage: "synthesize",
    count: images + wide,
    bases: evenly(train, BASES),
    spoiled: "mixed",
    wide,
  };
}

/** Makes the pictures, anomalies on the product only where one can be told from its ground, and at judged places; the teacher looks at them. */
export async function synthesize(work: Work, order: SyntheticOrder): Promise<SyntheticSet> {
  const { job, key, session } = work;
  const { name, count, bases } = order;
  const pixels = job.inputSize.width * job.inputSize.height;
  const places = await anomalyPlaces(work, bases);
  const spoiled = await RecordFile.openOrMake(
    join(job.jobDir, `${name}-${key}.rgbm`),
    { recordBytes: 4 * pixels, count },
    () => spoiledPictures(work, order, places),
  );
  const read = async (index: number): Promise<SynthesizedPicture> => {
    const record = await spoiled.read(index);
    return { image: record.subarray(0, 3 * pixels), mask: record.subarray(3 * pixels) };
  };
  const path = join(job.jobDir, `${name}-${key}.f16`);
  const looks = async function* (): AsyncGenerator<readonly Float32Array[]> {
    for (let index = 0; index < count; index += 1) {
      work.signal.throwIfAborted();
      yield await session.features((await read(index)).image);
      report(
        work,
        order,
        MAKING + (1 - MAKING) * ((index + 1) / count),
        `looking at synthetic anomaly ${index + 1}/${count}`,
      );
    }
  };
  const features = await FeatureFile.openOrMake(path, session.shapes, count, looks).catch(
    async (error: unknown) => {
      await spoiled.close();
      throw error;
    },
  );
  return {
    count,
    features,
    read,
    foreground: (index) => places[index % bases.length] ?? null,
    close: async () => {
      await Promise.all([features.close(), spoiled.close()]);
    },
  };
}

/** Share of the time that goes into making the pictures; the teacher takes the rest. */
const MAKING = 0.6;

function report({ progress }: Work, { stage }: SyntheticOrder, done: number, message: string): void {
  progress.stage(stage, { done, message });
}

/** Records of picture and mask. Picture `index` is made from base `index % bases.length`; each has a random stream of its own. */
async function* spoiledPictures(work: Work, order: SyntheticOrder, places: readonly (Uint8Array | null)[]) {
  const { job, signal, samples } = work;
  const { name, bases, count, spoiled, wide } = order;
  const textures = await textureSource(work);
  for (let index = 0; index < count; index += 1) {
    signal.throwIfAborted();
    const random = createRandom(hashSeed(job.training.seed, `${name}-${index}`));
    const base = index % bases.length;
    const others: Uint8Array[] = [];
    for (const other of shuffled(bases.length, random).slice(0, OTHERS))
      others.push(await samples.read(bases[other]!));
    const normal = await samples.read(bases[base]!);
    const recipe = index < count - wide ? ("rich" as const) : ("wide" as const);
    const options = { random, foreground: places[base] ?? null, textures, others, recipe };
    const { image, mask } =
      spoiled === "mixed"
        ? synthesizeAnomaly(normal, job.inputSize, options)
        : surelyAnomalous(normal, job.inputSize, { ...options, light: "kept" });
    const record = new Uint8Array(image.length + mask.length);
    record.set(image);
    record.set(mask, image.length);
    yield record;
    report(work, order, (MAKING * (index + 1)) / count, `making synthetic anomaly ${index + 1}/${count}`);
  }
}

/** Tries before a picture is taken as it is (one try in five gives no anomaly). */
const TRIES = 20;

function surelyAnomalous(...picture: Parameters<typeof synthesizeAnomaly>): SynthesizedPicture {
  let made = synthesizeAnomaly(...picture);
  for (let tries = 1; tries < TRIES && !made.mask.includes(1); tries += 1)
    made = synthesizeAnomaly(...picture);
  return made;
}

async function textureSource({ job }: Work): Promise<TextureSource> {
  if (job.texturesDir === null) return proceduralTextures;
  return loadFolderTextures(job.texturesDir, job.inputSize, createRandom(job.training.seed));
}
