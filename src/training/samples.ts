import { join } from "node:path";
import { createRandom, hashSeed } from "../graph/random.ts";
import { cutTile, type Tile } from "../preprocess/tiling.ts";
import { judgedTiles } from "../preprocess/tiled-picture.ts";
import type { View } from "../preprocess/view.ts";
import { varyMildly } from "./augment.ts";
import type { Normals } from "./normals.ts";
import { joinProducts, type JobSplit } from "./products.ts";
import type { Progress } from "./progress.ts";
import type { TrainingJob } from "./protocol.ts";
import { RecordFile } from "./record-file.ts";
import { hiding, ignoredOf } from "./settle-view.ts";
import { shuffled } from "./split.ts";

/** What is learned from: model inputs, one or more of each normal picture. */
export interface Samples {
  readonly count: number;
  /** Which train and which are held out; those of a held-out picture are. */
  readonly split: JobSplit;
  /** RGB8 of the model's input size, ignored places hidden. */
  read(index: number): Promise<Uint8Array>;
  /** Per pixel 1 where it is judged; null: everywhere. */
  judged(index: number): Uint8Array | null;
  close(): Promise<void>;
}

/** Tiles and copies of one product that train, and that are held out: more cost time and disk and teach little. */
const MOST = { train: 2000, heldOut: 400 } as const;
/** Varied copies of a normal. */
const COPIES = 2;

/** One sample: a tile (null: all) of a picture, as it is (copy 0) or varied. */
interface Cut {
  readonly picture: number;
  readonly tile: Tile | null;
  readonly copy: number;
}

/** The part of a job's material (work.ts) that samples are made from. */
interface SamplesMaterial {
  readonly job: TrainingJob;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly normals: Normals;
  readonly split: JobSplit;
  readonly progress: Progress;
  readonly view: View;
}

/**
 * Cuts, hides and varies the normals as the settings say: written to disk once. Held-out pictures are never varied.
 * @returns what the caller closes
 */
export async function openSamples(material: SamplesMaterial): Promise<Samples> {
  const { job, key, normals, split, view } = material;
  const isVaried = job.training.preprocess.augment === "mild";
  const ignored = ignoredOf(view);
  if (view.tiles === null && !isVaried && ignored === null) {
    const read = (index: number) => normals.pictures.read(index);
    return { count: normals.count, split, read, judged: () => null, close: () => Promise.resolve() };
  }
  const tiles = view.tiles === null ? [null] : judgedTiles(view.tiles);
  const { cuts, split: cutSplit } = chooseCuts(split, tiles, {
    copies: isVaried ? COPIES : 0,
    seed: job.training.seed,
  });
  const recordBytes = 3 * job.inputSize.width * job.inputSize.height;
  const file = await RecordFile.openOrMake(
    join(job.jobDir, `samples-${key}.rgb`),
    { recordBytes, count: cuts.length },
    () => madeCuts(material, cuts),
  );
  return {
    count: cuts.length,
    split: cutSplit,
    read: (index) => file.read(index),
    judged: (index) => {
      const { tile } = cuts[index]!;
      if (ignored === null) return null;
      return tile === null || view.tiles === null
        ? ignored.inside
        : cutTile(ignored.inside, view.tiles, tile, 1);
    },
    close: () => file.close(),
  };
}

/**
 * Which samples are made, picture by picture, and how they are split: bounded random choices, every product by itself.
 * @param tiles of each picture; null: the whole
 */
export function chooseCuts(
  split: JobSplit,
  tiles: readonly (Tile | null)[],
  { copies, seed }: { readonly copies: number; readonly seed: number },
): { readonly cuts: readonly Cut[]; readonly split: JobSplit } {
  const random = createRandom(seed);
  const some = (pictures: readonly number[], copiesOfEach: number, most: number): Cut[] => {
    const all = pictures.flatMap((picture) =>
      tiles.flatMap((tile) =>
        Array.from({ length: copiesOfEach + 1 }, (_, copy): Cut => ({ picture, tile, copy })),
      ),
    );
    return shuffled(all.length, random)
      .slice(0, most)
      .map((at) => all[at]!);
  };
  const chosen = split.products.map(({ recipe, train, heldOut }) => ({
    recipe,
    train: some(train, copies, MOST.train),
    heldOut: some(heldOut, 0, MOST.heldOut),
  }));
  const cuts = chosen
    .flatMap(({ train, heldOut }) => [...train, ...heldOut])
    .sort((a, b) => a.picture - b.picture || a.copy - b.copy);
  const numbers = new Map(cuts.map((cut, number) => [cut, number]));
  const numbered = (list: readonly Cut[]): number[] => list.map((cut) => numbers.get(cut)!);
  const products = chosen.map(({ recipe, train, heldOut }) => ({
    recipe,
    train: numbered(train),
    heldOut: numbered(heldOut),
  }));
  return { cuts, split: joinProducts(products) };
}

/** Each picture is read, and each copy of it varied, once for all its tiles. */
async function* madeCuts({ job, signal, normals, view, progress }: SamplesMaterial, cuts: readonly Cut[]) {
  const ignored = ignoredOf(view);
  let made: Uint8Array = new Uint8Array();
  for (const [index, { picture, tile, copy }] of cuts.entries()) {
    signal.throwIfAborted();
    const before = cuts[index - 1];
    if (before?.picture !== picture || before.copy !== copy) {
      const whole = await normals.pictures.read(picture);
      const random = createRandom(hashSeed(job.training.seed, `copy-${picture}-${copy}`));
      made = hiding(copy === 0 ? whole : varyMildly(whole, job.pictureSize, random), ignored);
    }
    yield tile === null || view.tiles === null ? made : cutTile(made, view.tiles, tile, 3);
    progress.stage("clean", { done: 1, message: `preparing sample ${index + 1}/${cuts.length}` });
  }
}
