import { createRandom } from "../graph/random.ts";

/** Which pictures train, and which are only ever looked at to find the threshold. */
export interface Split {
  readonly train: readonly number[];
  readonly heldOut: readonly number[];
}

/** A seeded random split; at least 2 pictures are held out and at least 1 trains (needs count ≥ 3). */
export function splitNormals(count: number, heldOutShare: number, seed: number): Split {
  const order = shuffled(count, createRandom(seed));
  const heldOut = Math.min(Math.max(2, Math.round(count * heldOutShare)), count - 1);
  return { heldOut: order.slice(0, heldOut), train: order.slice(heldOut) };
}

/** 0..count-1 in random order (Fisher–Yates). */
export function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/**
 * The pictures of training step `step`: epochs of shuffled indices cut into batches (a short list repeats), a pure function
 * of the step, so that a resumed job sees what it would have seen.
 */
export function batchOf(count: number, batch: number, step: number, seed: number): number[] {
  const deal = deckOf(count, seed);
  return Array.from({ length: batch }, (_, at) => deal(step * batch + at));
}

/** The index at each position of endless epochs, each of which has every index below `count` once, in an order of its own. */
export function deckOf(count: number, seed: number): (position: number) => number {
  let epoch = -1;
  let order: readonly number[] = [];
  return (position) => {
    const wanted = Math.floor(position / count);
    if (wanted !== epoch) {
      epoch = wanted;
      order = shuffled(count, createRandom(seed + 7919 * (epoch + 1)));
    }
    return order[position % count]!;
  };
}
