import { beforeAll, describe, expect, it } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import type { OneMethodConfig } from "../../src/config/method-schema.ts";
import { createAdam } from "../../src/graph/adam.ts";
import { createRandom } from "../../src/graph/random.ts";
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
import { createMethod, METHODS } from "../../src/methods/registry.ts";
import { renderPart } from "../../src/simulator/product.ts";
import { type PictureMap, randomWeights, relativeDifference, runOnnx, runTf } from "./run-network.ts";
import { SMALL_METHODS, titleOf } from "./small-methods.ts";

/**
 * What every method must do, run on each: the stages in order, the same weights from the same seed, one anomaly map, and the
 * exported network text giving the trainer's numbers.
 */

const TIMEOUT = 60_000;
const SIDE = 64;
const SIZE = { width: SIDE, height: SIDE };
const BATCH = 4;
const BACKBONE = backboneByName("efficientnet-lite0");

/** A picture with what a (random) teacher sees in it, all levels. */
interface Seen {
  readonly picture: PictureMap;
  readonly levels: readonly PictureMap[];
}

let normals: Seen[];
let heldOut: Seen[];
let spoiled: Seen[];

beforeAll(() => {
  const teacher = teacherNetwork(BACKBONE);
  const random = createRandom(3);
  const shape = { c: 3, h: SIDE, w: SIDE };
  const weights = new Map([...randomWeights(teacher, [shape], random), ...normalizationWeights(BACKBONE)]);
  const see = (index: number, content: "normal" | "mixed"): Seen => {
    const { data } = renderPart({ index, seed: 4, size: SIZE, content, defectShare: 1 });
    const picture = {
      shape,
      data: channelsFirst(
        Float32Array.from(data, (value) => value / 255),
        SIDE,
        3,
      ),
    };
    const features = runTf(teacher, weights, [picture]);
    const levels = BACKBONE.levels(SIZE).map((level, at) => ({ shape: level.shape, data: features[at]! }));
    return { picture, levels };
  };
  const many = (count: number, from: number, content: "normal" | "mixed"): Seen[] =>
    Array.from({ length: count }, (_, at) => see(from + at, content));
  normals = many(10, 0, "normal");
  heldOut = many(4, 10, "normal");
  spoiled = many(BATCH, 14, "mixed");
}, TIMEOUT);

it("covers every registered method", () => {
  expect(new Set(SMALL_METHODS.map(({ name }) => name))).toEqual(new Set(Object.keys(METHODS)));
});

describe.each(SMALL_METHODS.map((config) => ({ title: titleOf(config), config })))("$title", ({ config }) => {
  let learned: Learned;
  beforeAll(async () => {
    learned = await learn(config, 7);
  }, TIMEOUT);

  it("says what it has of both stages, and has it", () => {
    const method = createMethod(config);
    expect([learned.amplified, learned.distilled]).toEqual([
      method.amplify !== null,
      method.distill !== null,
    ]);
    expect(learned.losses.every(Number.isFinite)).toBe(true);
  });

  it("gives one anomaly map of the picture's size, the same in tfjs and in ONNX Runtime", async () => {
    const { network, weights } = learned.trained;
    for (const seen of [heldOut[0]!, spoiled[0]!]) {
      const inputs = inputsOf(config, seen);
      const [map, ...more] = runTf(network, weights, inputs);
      expect([map?.length, more.length]).toEqual([SIDE * SIDE, 0]);
      const [exported] = await runOnnx(network, weights, inputs);
      expect(relativeDifference(exported!, map!)).toBeLessThan(1e-3);
    }
  });

  it(
    "learns the same from the same seed, and leaves no tensors",
    async () => {
      const before = tf.memory().numTensors;
      const again = await learn(config, 7);
      expect(tf.memory().numTensors).toBe(before);
      expect([...again.trained.weights.keys()]).toEqual([...learned.trained.weights.keys()]);
      for (const [name, weight] of again.trained.weights)
        expect(relativeDifference(weight.data, learned.trained.weights.get(name)!.data), name).toBeLessThan(
          1e-4,
        );
    },
    TIMEOUT,
  );
});

interface Learned {
  readonly trained: TrainedMethod;
  readonly losses: readonly number[];
  readonly amplified: boolean;
  readonly distilled: boolean;
}

/** All stages, as the retraining path asks for them. */
async function learn(config: OneMethodConfig, seed: number): Promise<Learned> {
  const method = createMethod(config);
  const levels = levelsOf(config);
  const training: MethodTraining = method.begin({ levels, mapSize: SIZE, seed });
  const batches = (seen: readonly Seen[]) => batchesOf(levels, seen);
  try {
    await training.prepare(batches(normals));
    const amplified = training.amplify;
    const losses = run(amplified, method.amplify, () => stageBatch(config, spoiled, "spoiled"));
    expect(await training.measureTrust(batches(heldOut))).toBeTypeOf("string");
    const distilled = training.beginDistill();
    losses.push(
      ...run(distilled, method.distill, () => stageBatch(config, normals.slice(0, BATCH), "normal")),
    );
    await training.settle({ normals: () => batches(heldOut), anomalies: () => batches(spoiled) });
    const { network, weights } = training.trained();
    return {
      trained: { network, weights: new Map(weights) },
      losses,
      amplified: amplified !== null,
      distilled: distilled !== null,
    };
  } finally {
    training.dispose();
  }
}

function run(stage: TrainableStage | null, plan: StagePlan | null, batch: () => StageBatch): number[] {
  if (!stage || !plan) return [];
  const adam = createAdam({ beta1: 0.5, beta2: 0.999, epsilon: 1e-8 });
  const shown = batch();
  const losses = Array.from({ length: plan.steps }, (_, step) =>
    trainStep(stage.variables, adam, plan.learningRate, () => stage.loss(shown, step)),
  );
  adam.dispose();
  tf.dispose([...shown.features, ...[shown.pictures, shown.mask].filter((tensor) => tensor !== null)]);
  return losses;
}

function levelsOf(config: OneMethodConfig): readonly Level[] {
  const wanted = createMethod(config).levels;
  return BACKBONE.levels(SIZE).filter(({ level }) => wanted.includes(level));
}

function inputsOf(config: OneMethodConfig, { picture, levels }: Seen): PictureMap[] {
  const used = levelsOf(config).map(({ level }) => levels[level - 1]!);
  return createMethod(config).looksAtPictures ? [...used, picture] : used;
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
  seen: readonly Seen[],
  content: "normal" | "spoiled",
): StageBatch {
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
    features: levelsOf(config).map(({ level }) => tensorOf(seen.map(({ levels }) => levels[level - 1]!))),
    pictures: createMethod(config).looksAtPictures ? tensorOf(seen.map(({ picture }) => picture)) : null,
    mask: content === "spoiled" ? tf.tensor4d(middle, [seen.length, SIDE, SIDE, 1]) : null,
    foreground: null,
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

/** [C, H, W] of [H, W, C], a square picture. */
function channelsFirst(data: Float32Array, side: number, channels: number): Float32Array {
  return data.map((_, at) => {
    const [channel, pixel] = [Math.floor(at / (side * side)), at % (side * side)];
    return data[pixel * channels + channel]!;
  });
}
