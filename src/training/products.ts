import { deckOf, splitNormals, type Split } from "./split.ts";

/** The pictures of one product among all normals of a job: `count` of them from number `first`. */
export interface Product {
  readonly recipe: string;
  readonly first: number;
  readonly count: number;
}

export interface ProductSplit extends Split {
  readonly recipe: string;
}

/** The split of a whole job: `train` and `heldOut` name the products' pictures in turn. */
export interface JobSplit extends Split {
  readonly products: readonly ProductSplit[];
}

/** Splits each product by itself, so that each has its own held-out pictures. One product: as `splitNormals`. */
export function splitProducts(products: readonly Product[], heldOutShare: number, seed: number): JobSplit {
  const splits = products.map(({ recipe, first, count }): ProductSplit => {
    const { train, heldOut } = splitNormals(count, heldOutShare, seed);
    return { recipe, train: train.map((at) => first + at), heldOut: heldOut.map((at) => first + at) };
  });
  return joinProducts(splits);
}

/** The split of a job from those of its products. */
export function joinProducts(products: readonly ProductSplit[]): JobSplit {
  return {
    products,
    train: inTurn(products.map(({ train }) => train)),
    heldOut: inTurn(products.map(({ heldOut }) => heldOut)),
  };
}

/** The first of each list, then the second of each, and so on; a list that has ended is passed over. */
function inTurn(lists: readonly (readonly number[])[]): number[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}

/**
 * At most about `most` pictures, as many of each product however many it has: products in turn, the pictures of one that has
 * few again and again. One product: its first pictures.
 */
export function evenly(products: readonly (readonly number[])[], most: number): number[] {
  const longest = Math.max(...products.map((pictures) => pictures.length));
  const each = Math.min(longest, Math.ceil(most / products.length));
  return Array.from({ length: each }, (_, at) =>
    products.map((pictures) => pictures[at % pictures.length]!),
  ).flat();
}

/** Sets the products' random orders apart, so that not the same two pictures meet in every batch. */
const SEED_STEP = 104_729;

/**
 * The pictures of training step `step`, as many of each product however many it has: products in turn, each in epochs of
 * shuffled order. A pure function of the step. One product: as `batchOf`.
 */
export function mixedBatchOf(
  products: readonly (readonly number[])[],
  batch: number,
  step: number,
  seed: number,
): number[] {
  const decks = products.map((pictures, at) => deckOf(pictures.length, seed + SEED_STEP * at));
  return Array.from({ length: batch }, (_, at) => {
    const position = step * batch + at;
    const turn = position % products.length;
    return products[turn]![decks[turn]!(Math.floor(position / products.length))]!;
  });
}
