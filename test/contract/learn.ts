import type { Backbone } from "../../src/backbones/backbone.ts";
import type { OneMethodConfig } from "../../src/config/method-schema.ts";
import { createAdam } from "../../src/graph/adam.ts";
import { tf } from "../../src/graph/tf.ts";
import { trainStep } from "../../src/graph/train-step.ts";
import type {
  FeatureBatches,
  Level,
  MethodTraining,
  StageBatch,
  StagePlan,
  TrainableStage,
  TrainedMethod,
} from "../../src/methods/method.ts";
import { createMethod } from "../../src/methods/registry.ts";
import type { PictureMap } from "./run-network.ts";

export const SIDE = 64;
export const SIZE = { width: SIDE, height: SIDE };
export const BATCH = 4;

/** A picture with what a teacher sees in it, all levels. */
export interface Seen {
  readonly picture: PictureMap;
  readonly levels: readonly PictureMap[];
}

/** What a method learns from. */
export interface Lesson {
  readonly backbone: Backbone;
  readonly normals: readonly Seen[];
  readonly heldOut: readonly Seen[];
  /** `BATCH` of them. */
  readonly spoiled: readonly Seen[];
}

export interface Learned {
  readonly trained: TrainedMethod;
  readonly losses: readonly number[];
  /** In words. */
  readonly trust: string;
  readonly amplified: boolean;
  readonly distilled: boolean;
}

/** All stages, as the retraining path asks for them. */
export async function learn(config: OneMethodConfig, lesson: Lesson, seed: number): Promise<Learned> {
  const { backbone, normals, heldOut, spoiled } = lesson;
  const method = createMethod(config);
  const levels = levelsOf(config, backbone);
  const training: MethodTraining = method.begin({ levels, mapSize: SIZE, seed });
  const batches = (seen: readonly Seen[]) => batchesOf(levels, seen);
  try {
    await training.prepare(batches(normals));
    const amplified = training.amplify;
    const losses = run(amplified, method.amplify, () => stageBatch(config, lesson, "spoiled"));
    const trust = await training.measureTrust(batches(heldOut));
    const distilled = training.beginDistill();
    losses.push(...run(distilled, method.distill, () => stageBatch(config, lesson, "normal")));
    await training.settle({ normals: () => batches(heldOut), anomalies: () => batches(spoiled) });
    const { network, weights } = training.trained();
    return {
      trained: { network, weights: new Map(weights) },
      losses,
      trust,
      amplified: amplified !== null,
      distilled: distilled !== null,
    };
  } finally {
    training.dispose();
  }
}

/** Of a stage; a method without small settings is not trained to its end here. */
const MOST_STEPS = 6;

function run(stage: TrainableStage | null, plan: StagePlan | null, batch: () => StageBatch): number[] {
  if (!stage || !plan) return [];
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  const shown = batch();
  const losses = Array.from({ length: Math.min(plan.steps, MOST_STEPS) }, (_, step) =>
    trainStep(stage.variables, adam, plan.learningRate, () => stage.loss(shown, step)),
  );
  adam.dispose();
  tf.dispose([...shown.features, ...[shown.pictures, shown.mask].filter((tensor) => tensor !== null)]);
  return losses;
}

function levelsOf(config: OneMethodConfig, backbone: Backbone): readonly Level[] {
  const wanted = createMethod(config).levels;
  return backbone.levels(SIZE).filter(({ level }) => wanted.includes(level));
}

/** What the trained network of a method takes of a picture. */
export function inputsOf(config: OneMethodConfig, { picture, levels }: Seen): PictureMap[] {
  const method = createMethod(config);
  const used = levels.filter((_, at) => method.levels.includes(at + 1));
  return method.looksAtPictures ? [...used, picture] : used;
}

/** Features as the feature file gives them, two pictures at a time. */
function batchesOf(levels: readonly Level[], seen: readonly Seen[]): FeatureBatches {
  return { [Symbol.asyncIterator]: () => pairsOf(levels, seen) };
}

async function* pairsOf(levels: readonly Level[], seen: readonly Seen[]): AsyncGenerator<Float32Array[]> {
  for (let start = 0; start < seen.length; start += 2) {
    const pictures = seen.slice(start, start + 2);
    yield await Promise.resolve(
      levels.map(({ level }) => joined(pictures.map((each) => each.levels[level - 1]!))),
    );
  }
}

function stageBatch(
  config: OneMethodConfig,
  { backbone, normals, spoiled }: Lesson,
  content: "normal" | "spoiled",
): StageBatch {
  const seen = content === "normal" ? normals.slice(0, BATCH) : spoiled;
  const tensorOf = (maps: readonly PictureMap[]): tf.Tensor4D => {
    const { c, h, w } = maps[0]!.shape;
    return tf.tensor4d(joined(maps), [maps.length, h, w, c]);
  };
  /** The middle of each picture. */
  const middle = Float32Array.from({ length: seen.length * SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE) % SIDE];
    return Math.max(Math.abs(x - SIDE / 2), Math.abs(y - SIDE / 2)) < SIDE / 4 ? 1 : 0;
  });
  return {
    features: levelsOf(config, backbone).map(({ level }) =>
      tensorOf(seen.map(({ levels }) => levels[level - 1]!)),
    ),
    pictures: createMethod(config).looksAtPictures ? tensorOf(seen.map(({ picture }) => picture)) : null,
    mask: content === "spoiled" ? tf.tensor4d(middle, [seen.length, SIDE, SIDE, 1]) : null,
    foreground: null,
    wide: 0,
  };
}

/** [n, H, W, C] of maps in channels × height × width. */
function joined(maps: readonly PictureMap[]): Float32Array {
  const { c, h, w } = maps[0]!.shape;
  const all = new Float32Array(maps.length * c * h * w);
  for (const [at, { data }] of maps.entries()) {
    for (let channel = 0; channel < c; channel += 1)
      for (let pixel = 0; pixel < h * w; pixel += 1)
        all[(at * h * w + pixel) * c + channel] = data[channel * h * w + pixel]!;
  }
  return all;
}
